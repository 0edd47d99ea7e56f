#!/usr/bin/env bash
# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# One message goes first. A peer that rejects costs it and no other; a peer that accepts gets all. What is held is let go
# whatever fails before it went, and never what an administrator holds.
. ../setup_runs/lab.sh
. ../setup_runs/one_lab.sh
peer=contoso-com.mail.protection.outlook.com
fast=(--set time_scale=60)
refusing=(--set "peers.$peer.reply_to_data=550 5.7.64 TenantAttribution; Relay Access Denied")
administrator=(--set "mail=[{server: mbx01.contoso.test, domain: fabrikam.com, count: 24, queued_at: -40m},
    {server: mbx01.contoso.test, domain: fabrikam.com, count: 1, queued_at: -41m, messages_suspended_at: -30m}]")

with_canary() {
    repair_here "$1" "$2" -e outbound_tls_repair_canary=true "${@:3}"
}

# The directory is given relative to where the playbook is called: the role must find the record that the modules write.
repair_twice() {
    cd "$work"
    with_canary 0 good -e outbound_tls_repair_journal_dir=relative
    test -d "$work/relative"
    repair_here 0 good-again -e outbound_tls_repair_journal_dir=relative
    recap good-again mbx01.contoso.test changed=0
}

be_refused_and_look_again() {
    with_canary 2 refused
    repair_here 2 refused-again
    recap refused-again mbx01.contoso.test changed=0
    with_canary 2 refused-once-more
}

# Kills a run with a canary as soon as Exchange has got a cmdlet, as a power cut does.
kill_at() {
    set -m
    with_canary 0 "killed-$1" &
    set +m
    until exchange-lab state | grep --quiet "\"name\": \"$1\""; do
        sleep 0.1
    done
    kill -KILL -- "-$!"
    wait "$!" || true
}

kill_before_the_binding() {
    kill_at Suspend-Queue
    repair_here 0 after-kill
}

kill_after_the_canary() {
    kill_at Resume-Queue
    repair_here 2 unseen
}

in_lab repair_twice kb4051498 "${fast[@]}"
see good see_accepted.yml "$@"

in_lab be_refused_and_look_again kb4051498 "${fast[@]}" "${refusing[@]}"
see refused see_one_lost.yml -e lost=1 "$@"
see refused-again see_one_lost.yml -e lost=1 -e untouched=true "$@"
see refused-once-more see_one_lost.yml -e lost=2 "$@"

# His message keeps the queue from being empty, which is awaited for as long as it may take.
soon=(-e outbound_tls_repair_canary=true -e outbound_tls_repair_drain_timeout=20)
repair 0 administrators kb4051498 "${administrator[@]}" -- "${soon[@]}"
see administrators see_left_alone.yml -e verdict=repaired "$@"
repair 2 administrators-refused kb4051498 "${administrator[@]}" "${refusing[@]}" -- "${soon[@]}"
see administrators-refused see_left_alone.yml -e verdict=rejected "$@"

in_lab kill_before_the_binding kb4051498 "${fast[@]}"
see after-kill see_let_go.yml -e verdict=repaired -e waiting=0 "$@"
in_lab kill_after_the_canary kb4051498 "${fast[@]}" "${refusing[@]}"
see unseen see_unseen.yml "$@"

# Exchange asks what nobody foresaw before the first went; the other end puts the first off: nothing was lost, and
# everything is let go.
repair 2 asked kb4051498 --set 'faults=[{unforeseen_prompt: {cmdlet: Suspend-Message, message: Really}}]' \
    -- -e outbound_tls_repair_canary=true
see asked see_let_go.yml -e verdict=failed "$@"
repair 2 put-off kb4051498 --set "peers.$peer.reply_to_data=451 4.7.0 Try again later" \
    -- -e outbound_tls_repair_canary=true -e outbound_tls_repair_drain_timeout=5
see put-off see_let_go.yml -e verdict=bound_not_proven -e waiting=25 "$@"

repair 0 check kb4051498 -- -e outbound_tls_repair_canary=true --check
see check see_promised.yml "$@"
