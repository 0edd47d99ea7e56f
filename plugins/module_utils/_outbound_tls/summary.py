# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A verdict in words: what was wrong, which certificate on which server, what was changed, what left, what is next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .elsewhere import FrontEnd
from .evidence import UNKNOWN_CREDENTIALS
from .mail import Mail
from .plan import shortened
from .verdict import ConnectorVerdict, HostVerdict, Verdict


def verdict_result(judged: HostVerdict) -> dict[str, Any]:
    """Return a verdict as the role publishes it; its shape is described in ``verdict``."""
    worst = next((each for each in judged.connectors if each.verdict is judged.verdict), None)
    nothing = f"{judged.server}: no Send connector sends from here."
    message = _trouble(judged) or (nothing if worst is None else connector_sentence(judged, worst))
    return {
        "verdict": judged.verdict.value,
        "host": judged.host,
        "server": judged.server,
        "check_mode": judged.check_mode,
        "message": shortened(message),
        "next": "" if worst is None or _trouble(judged) else next_step(worst),
        "summary": [line for each in judged.connectors for line in connector_summary(each)] or [message],
        "warnings": list(judged.warnings),
        "before": dict(judged.before),
        "after": dict(judged.after),
        "connectors": {str(each.look["guid"]): _details(judged, each) for each in judged.connectors},
    }


def _trouble(judged: HostVerdict) -> str:
    """Return what ended the work on a host, with its name: an error may know only the address that was dialled."""
    if not judged.trouble or judged.host in judged.trouble or judged.server in judged.trouble:
        return judged.trouble
    return f"{judged.host}: {judged.trouble}"


def connector_sentence(judged: HostVerdict, connector: ConnectorVerdict) -> str:
    """Return the one sentence about a connector."""
    if connector.trouble:
        return connector.trouble
    name, where = connector.look["name"], judged.server
    certificate = " and ".join(_thumbprints(connector))
    mail = connector.mail
    if connector.held.kept:
        return _kept(where, connector)
    helpers = [each.server for each in connector.elsewhere.front_ends if each.bound]
    there = f" on {' and '.join(helpers)}" if helpers and not connector.bound else ""
    if connector.verdict is Verdict.REPAIRED and (connector.bound or there):
        return f'{where}, "{name}": certificate {certificate} is enabled for SMTP now{there}; {_left(mail)}.'
    if connector.verdict is Verdict.REPAIRED:
        return f'{where}, "{name}": nothing had to be changed, the queue was tried again; {_left(mail)}.'
    if connector.verdict is Verdict.BOUND_NOT_PROVEN:
        return (
            f'{where}, "{name}": certificate {certificate} is enabled for SMTP now{there}, but {_unproven(connector)}.'
        )
    if connector.verdict is Verdict.REJECTED:
        return f'{where}, "{name}": TLS works now, but the other end rejects mail; {_left(mail)}.'
    if connector.verdict is Verdict.WOULD_REPAIR:
        return f'{where}, "{name}": a run would {_would(connector)}.'
    return str(connector.look["finding"]["message"])


def _kept(where: str, connector: ConnectorVerdict) -> str:
    held, name = connector.held, connector.look["name"]
    if connector.proof is None or not held.first:
        return f'{where}, "{name}": {held.count} messages are held back: in an earlier run, {held.why}.'
    words = "TLS works now, but the other end rejects mail" if held.kept == "rejected" else "nothing is proven"
    return f'{where}, "{name}": {words}; {_left(connector.mail, held.count)}: {held.why}.'


def connector_summary(connector: ConnectorVerdict) -> list[str]:
    """Return the sentences for people, in the order in which they are asked for."""
    finding = connector.look["finding"]
    lines = [_queue(queue) for queue in connector.look.get("stuck_queues", ())]
    lines.append(f"Found: {finding['message']}")
    evidence = connector.look.get("evidence")
    if evidence:
        lines.append(f"Evidence ({evidence['grade']}): {evidence['where']}: {' / '.join(evidence['lines'][-1:])}")
    for bound in (*connector.bound, *(() if connector.is_for_others else connector.elsewhere.bound)):
        lines.append(_binding(bound, would=connector.verdict is Verdict.WOULD_REPAIR))
        if bound.get("prompt"):
            lines.append(f"Asked: {bound['prompt']['message']} Answered: {bound['prompt']['answer']}.")
    elsewhere = {where for where, __ in connector.commands if where}
    for host in sorted(elsewhere):
        typed = "; ".join(line for where, line in connector.commands if where == host)
        lines.append(f"For the organisation, on {host}: {typed}.")
    if connector.not_raised:
        lines.append(connector.not_raised)
    if connector.proof is not None:
        lines.append(f"Mail: {_left(connector.mail, connector.held.count if connector.held.kept else 0)}.")
    lines += connector.held.summary(check_mode=connector.verdict is Verdict.WOULD_REPAIR)
    lines.append(f"Next: {next_step(connector)}")
    return lines


def _binding(bound: Mapping[str, Any], *, would: bool) -> str:
    certificate = f"certificate {bound['thumbprint']} on {bound['server']}"
    if not bound["added"]:
        return f"Bound already: {certificate} has {', '.join(bound['services'])}."
    same = bound["default_certificate"] == bound["default_certificate_before"]
    return (
        f"Changed: {', '.join(bound['added'])} {'would be added' if would else 'added'} to {certificate}; it had "
        f"{', '.join(bound['services_before']) or 'no service'} and has {', '.join(bound['services'])}; the default "
        f"certificate is {bound['default_certificate']}{', as before' if same else ''}."
    )


def _queue(queue: Mapping[str, Any]) -> str:
    return (
        f"Queue: {queue['identity']}, {queue['status']}, {queue['message_count']} messages for "
        f"{queue['next_hop_domain']}: {queue['last_error']}"
    )


def next_step(connector: ConnectorVerdict) -> str:
    """Return what to do now."""
    if connector.held.kept:
        return f"{_asked_first(connector)}. {connector.held.next_step}"
    return _next_by_verdict(connector)


def _next_by_verdict(connector: ConnectorVerdict) -> str:
    remedy = str(connector.look["finding"]["remedy"])
    senders = " and ".join(each.server for each in connector.elsewhere.senders)
    match connector.verdict:
        case Verdict.HEALTHY:
            return "nothing."
        case Verdict.REPAIRED:
            return (
                "the rest of the queue leaves by itself; look again in an hour."
                if connector.mail.draining
                else "nothing."
            )
        case Verdict.WOULD_REPAIR:
            return "run again without check mode."
        case Verdict.BOUND_NOT_PROVEN if connector.is_for_others:
            return (
                f"run the repair on {senders or 'the server that sends'} again: it tries the mail, and sees it leave."
            )
        case Verdict.NO_EVIDENCE if connector.trouble and connector.look["frontend_proxy"]:
            first = ", ".join(connector.look["source_servers"][:1])
            return (
                f"the log has to name the certificate, and Exchange refuses to raise it while a certificate of that "
                f"name lacks SMTP on {first}: enable it there, answer No to the question about the default, run again."
            )
        case Verdict.OTHER_CAUSE if connector.elsewhere.front_ends and not connector.is_for_others:
            return " ".join(str(each.entry["finding"]["message"]) for each in connector.elsewhere.front_ends)
        case Verdict.BOUND_NOT_PROVEN:
            return _next_after_binding(connector)
        case Verdict.REJECTED:
            replies = "; ".join((connector.proof or {}).get("replies", ()))
            return f"ask the other end's administrator about its replies: {replies}"
        case Verdict.NO_EVIDENCE if connector.not_raised and any(where for where, __ in connector.commands):
            return "run Test-EdgeSynchronization on a Mailbox server of the Edge's site, cure EdgeSync, and run again."
        case Verdict.NO_EVIDENCE if connector.not_raised:
            return "set outbound_tls_repair_organization_host to a Mailbox server of the inventory, and run again."
        case Verdict.FAILED:
            return _next_after_failure(connector.lines_to_type)
        case _:
            return remedy


def _asked_first(connector: ConnectorVerdict) -> str:
    """Return what to find out before mail is let go that is held back."""
    if connector.held.kept == "unseen":
        return "ask the recipient, or look into this server's message tracking log"
    replies = "; ".join((connector.proof or {}).get("replies", ()))
    return f"ask the other end's administrator about {f'its replies: {replies}' if replies else 'the rejection'}"


def _next_after_binding(connector: ConnectorVerdict) -> str:
    if _fails_still(connector):
        return (
            f"look at the key of {' and '.join(_thumbprints(connector))}: its provider and file (certutil -store My), "
            f"a Deny for NETWORK SERVICE, event 36870. Then, when the hour allows it: Restart-Service "
            f"MSExchangeTransport."
        )
    if _left_unseen(connector.mail):
        return (
            "ask a recipient, or send a message through the connector while its ProtocolLoggingLevel is Verbose, and "
            "read the Send log."
        )
    return (
        "read the queue's LastError and look whether the other end answers; then run again. If TLS still fails with "
        "UnknownCredentials: Restart-Service MSExchangeTransport."
    )


def _left_unseen(mail: Mail) -> bool:
    return not mail.after and mail.not_accounted_for > 0


def _fails_still(connector: ConnectorVerdict) -> bool:
    words = (connector.proof or {}).get("tls_errors", ())
    return any(word.lower() == UNKNOWN_CREDENTIALS for word in words)


def _unproven(connector: ConnectorVerdict) -> str:
    """Return what is known where the log shows no message that was accepted over TLS after the binding."""
    mail = connector.mail
    if _fails_still(connector):
        return f"TLS fails with UnknownCredentials all the same: its key cannot be used; {mail.after} still waiting"
    if _left_unseen(mail):
        return f"the log does not show how the {mail.not_accounted_for} messages left that were waiting"
    return f"the log shows no message that was accepted over TLS since; {mail.after} still waiting"


def _next_after_failure(lines_to_type: Sequence[str]) -> str:
    if lines_to_type:
        return f"read the message, and type what puts it right: {'; '.join(lines_to_type)}"
    return "read the message, look at the state that it shows, and run again."


def _left(mail: Mail, held: int = 0) -> str:
    told = [f"{mail.left} of {mail.before} messages left", f"{mail.accepted} accepted over TLS"]
    if mail.accepted_in_clear:
        told.append(f"{mail.accepted_in_clear} accepted unencrypted")
    if mail.rejected:
        told.append(f"{mail.rejected} rejected")
    if mail.not_accounted_for:
        told.append(f"{mail.not_accounted_for} expired or left unseen")
    if mail.after > held:
        told.append(f"{mail.after - held} still waiting")
    if held:
        told.append(f"{held} held back")
    return ", ".join(told)


def _would(connector: ConnectorVerdict) -> str:
    bind = connector.look["repair"]["bind"]
    if not connector.bound and connector.look["finding"]["id"] == "frontend_proxy":
        return " and ".join(
            _would_there(each) for each in connector.elsewhere.front_ends if each.bound or each.may_bind
        )
    certificates = " or ".join(bind["thumbprints"] or _thumbprints(connector))
    if bind["certainty"] == "certain":
        return f"enable certificate {certificates} for SMTP"
    return f"read the log, and enable certificate {certificates} for SMTP if the log says so"


def _would_there(front_end: FrontEnd) -> str:
    bind = front_end.entry["repair"]["bind"]
    certificates = " or ".join(bind["thumbprints"])
    if front_end.bound or bind["certainty"] == "certain":
        return f"enable certificate {certificates} for SMTP on {front_end.server}"
    return (
        f"read the log of the front end {front_end.server}, and enable certificate {certificates} there if it says so"
    )


def _thumbprints(connector: ConnectorVerdict) -> list[str]:
    bound = [str(each["thumbprint"]) for each in (*connector.bound, *connector.elsewhere.bound)]
    return list(dict.fromkeys(bound)) or [str(each) for each in connector.look["finding"]["thumbprints"]]


def _details(judged: HostVerdict, connector: ConnectorVerdict) -> dict[str, Any]:
    look, mail = connector.look, connector.mail
    evidence = look.get("evidence") or {}
    return {
        "name": look["name"],
        "verdict": connector.verdict.value,
        "message": shortened(connector_sentence(judged, connector)),
        "finding": look["finding"]["id"],
        "kind": look["finding"]["kind"],
        "grade": evidence.get("grade", ""),
        "thumbprints": _thumbprints(connector),
        "evidence": list(evidence.get("lines", ())) or list(look["finding"]["evidence"]["lines"]),
        "evidence_where": evidence.get("where", ""),
        "found": look["finding"]["message"],
        "source_servers": list(look["source_servers"]),
        "stuck_queues": [dict(each) for each in look["stuck_queues"]],
        "bound": [dict(each) for each in connector.bound],
        "bound_elsewhere": [dict(each) for each in connector.elsewhere.bound],
        "messages_before": mail.before,
        "messages_after": mail.after,
        "left": mail.left,
        "accepted": mail.accepted,
        "accepted_in_clear": mail.accepted_in_clear,
        "rejected": mail.rejected,
        "not_accounted_for": mail.not_accounted_for,
        "draining": mail.draining,
        "went_first": list(connector.held.first),
        "held_back": connector.held.count if connector.held.kept else 0,
        "held_because": connector.held.kept,
        "commands": [line for __, line in connector.commands],
        "commands_on": _by_server(judged, connector),
        "not_raised": connector.not_raised,
        "lines_to_type": list(connector.lines_to_type),
        "remedy": next_step(connector),
    }


def _by_server(judged: HostVerdict, connector: ConnectorVerdict) -> dict[str, list[str]]:
    """Return the lines by the server on which they are typed; an inventory name where it is not the host itself."""
    found: dict[str, list[str]] = {}
    for where, line in connector.commands:
        found.setdefault(where or judged.server, []).append(line)
    return found
