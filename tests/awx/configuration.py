# Copyright (c) 2026, mailops contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applies the configuration for AWX to a loopback API by the modules of awx.awx, and looks at what has arrived."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from .controller import Controller, serve

ROOT: Final = Path(__file__).resolve().parents[2]
AWX: Final = ROOT / "extensions" / "awx"
ROLES: Final = {"audit": "outbound_tls_audit", "repair": "outbound_tls_repair"}
PREFIX: Final = "Exchange outbound TLS"


def apply(controller: Controller, collections: Path, log: Path) -> int:
    """Run apply.yml once; returns how many requests changed something. What it says goes to the log.

    Raises:
        CalledProcessError: it failed, as when a module does not know an option.
    """
    before = len(controller.changes)
    with serve(controller) as url, log.open("a", encoding="utf-8") as output:
        subprocess.run(
            ["ansible-playbook", str(AWX / "apply.yml"), "--extra-vars", "awx_wait_for_project=false"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ
            | {
                "ANSIBLE_COLLECTIONS_PATH": str(collections),
                "CONTROLLER_HOST": url,
                "CONTROLLER_OAUTH_TOKEN": "a-token-of-nobody",
            },
            check=True,
        )
    return len(controller.changes) - before


def shortcomings(controller: Controller) -> list[str]:
    """What is not as it must be in AWX after apply.yml."""
    audit, repair = (controller.named("job_templates", f"{PREFIX}: {name}") for name in ROLES)
    workflow = controller.named("workflow_job_templates", f"{PREFIX}: audit, approve, repair")
    nodes = {each["identifier"]: each for each in controller.collections["workflow_job_template_nodes"]}
    after = {
        key: [
            each["id"]
            for each in controller.associations.get(f"workflow_job_template_nodes/{node['id']}/success_nodes/", [])
        ]
        for key, node in nodes.items()
    }
    account = controller.named("credential_types", f"{PREFIX}: account")
    schedule = controller.named("schedules", f"{PREFIX}: audit")
    checks = {
        "whoever launches the repair as it is gets no check run": repair["job_type"] == "check",
        "nobody is asked for the job type of the repair": repair["ask_job_type_on_launch"] is True,
        "two repairs may run at once": repair["allow_simultaneous"] is False,
        "the check run does not show the differences": repair["diff_mode"] is True,
        "privileges are escalated": not (audit["become_enabled"] or repair["become_enabled"]),
        "the workflow is not audit, approval, repair": after
        == {"audit": [nodes["approval"]["id"]], "approval": [nodes["repair"]["id"]], "repair": []},
        "the workflow's repair is no run": nodes["repair"].get("job_type") == "run",
        "nobody has to approve": _approval(controller, nodes["approval"]) == "Has somebody read the audit?",
        "the workflow has no inventory": bool(workflow.get("inventory")),
        "the password of the account is no secret": _field(account, "password").get("secret") is True,
        "the account is not given to the modules": account["injectors"]["extra_vars"]
        == {"exchange_username": "{{ username }}", "exchange_password": "{{ password }}"},
        "the schedule starts something else than the audit": schedule["unified_job_template"] == audit["id"],
    }
    problems = [problem for problem, holds in checks.items() if not holds]
    for name, template in (("audit", audit), ("repair", repair)):
        problems += _variables(name, template, controller.survey_of(template))
    return problems


def _approval(controller: Controller, node: Mapping[str, Any]) -> str:
    found = controller.collections.get("workflow_approval_templates", [])
    return next((each["name"] for each in found if each["id"] == node.get("unified_job_template")), "")


def _field(credential_type: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    return next(each for each in credential_type["inputs"]["fields"] if each["id"] == name)


def _variables(name: str, template: Mapping[str, Any], survey: Mapping[str, Any]) -> list[str]:
    """A misspelt variable would be set and never read: each must be an option of the role, or the playbooks' own."""
    specs = ROOT / "roles" / ROLES[name] / "meta" / "argument_specs.yml"
    options = yaml.safe_load(specs.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    given = (
        yaml.safe_load(template["extra_vars"]) if isinstance(template["extra_vars"], str) else template["extra_vars"]
    )
    asked = [each["variable"] for each in survey["spec"]]
    unknown = sorted({*given, *asked} - {*options, "outbound_tls_hosts"})
    return [f"{name}: the role has no option {each}" for each in unknown]


def answers(controller: Controller, name: str) -> dict[str, Any]:
    """What AWX hands to a job as extra variables when somebody launches a template and takes every default."""
    template = controller.named("job_templates", f"{PREFIX}: {name}")
    given = (
        yaml.safe_load(template["extra_vars"]) if isinstance(template["extra_vars"], str) else template["extra_vars"]
    )
    survey = controller.survey_of(template)
    return {**given, **{each["variable"]: each["default"] for each in survey["spec"]}}
