"""Prints what cloudsplaining finds in IAM policies.

The argument is a file with a JSON object of policy documents by name. Prints a JSON object with a
list of findings for each name, `KIND` or `KIND action`.
"""

import json
import sys

from cloudsplaining.scan.policy_document import PolicyDocument


def findings(document):
    policy = PolicyDocument(document)
    kinds = {
        "PrivilegeEscalation": [path["type"] for path in policy.allows_privilege_escalation],
        "ResourceExposure": policy.permissions_management_without_constraints,
        "DataExfiltration": policy.allows_data_exfiltration_actions,
        "CredentialsExposure": policy.credentials_exposure,
        "InfrastructureModification": policy.infrastructure_modification,
        "ServiceWildcard": policy.service_wildcard,
    }
    return sorted(f"{kind} {action}" for kind, actions in kinds.items() for action in actions)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        policies = json.load(file)
    json.dump({name: findings(document) for name, document in policies.items()}, sys.stdout)


main()
