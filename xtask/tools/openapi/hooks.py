"""What schemathesis has to know about this application, and what it must hold it to.

Ids, versions and tokens come from the environment: a valid request is one for things that exist.
`valid_request_is_accepted` allows a refusal only for what a schema cannot say: cursors, ids of
nothing here, codes and states of a sign-in, and the state that a thing is in.
"""

import json
import os

import requests
import schemathesis

TOKEN = {"Authorization": "Bearer " + os.environ["MIYABI_FUZZ_TOKEN"]}
IDS = json.loads(os.environ["MIYABI_FUZZ_IDS"])

# Codes of problems that depend on what is stored, not on the form of the request.
STATE = {
    "not_found",
    "already_member",
    "bad_cursor",
    "bad_state",
    "bad_transition",
    "built_in_role",
    "idempotency_key_reused",
    "invitation_closed",
    "label_exists",
    "last_owner",
    "not_the_author",
    "own_role",
    "parent_is_deleted",
    "role_exists",
    "role_in_use",
    "stale_version",
    "try_again",
    # A session that an earlier request ended.
    "unauthenticated",
}

# Fields that name something else, by the end of their path, and filters that exclude each other.
FOREIGN = ("assignee_id", "parent_id", "project_id", "label_ids", ".id", "role")
COMBINED = "cannot be given with"

# Metadata is free: a schema of it cannot say which characters its strings, at any depth, may have.
FREE = ".metadata"
UNSTORABLE = "must not contain the character"

# Which characters nobody can see, Unicode says: no pattern of a schema has them all.
INVISIBLE = "must not be blank"

# The query of a saved view is one of the list, which has rules of its own.
VIEW = "query"


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Ids of things that exist, wherever the generated id has the form of one."""
    return {
        name: IDS.get(name, value) if is_id(value) else value
        for name, value in (path_parameters or {}).items()
    }


@schemathesis.hook
def before_call(context, case, **kwargs):
    """The current version in `If-Match`, and something of its own to delete, so that a valid
    change is one that takes place."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    url = case.as_transport_kwargs(base_url=case.operation.base_url)["url"]
    if case.method == "PATCH":
        etag = requests.get(url, headers=TOKEN, timeout=10).headers.get("ETag")
        if etag and "If-Match" in case.headers:
            case.headers["If-Match"] = etag
    if case.method == "DELETE" and case.operation.path == "/api/tasks/{task_id}":
        created = requests.post(
            url.rsplit("/", 1)[0], headers=TOKEN, json={"title": "To be deleted"}, timeout=10
        )
        case.path_parameters["task_id"] = created.json()["id"]


def is_id(value):
    return isinstance(value, str) and len(value) == 36 and value.count("-") == 4


@schemathesis.check
def valid_request_is_accepted(ctx, response, case):
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code < 400:
        return
    problem = response.json()
    if problem["code"] in STATE:
        return
    errors = problem.get("errors") or []
    if errors and all(
        error["field"].split("[")[0].endswith(FOREIGN)
        or error["field"].endswith(FOREIGN)
        # What one is moved behind; names of time zones, and a range of days.
        or error["field"] in ("after", "tz", "to")
        or COMBINED in error["detail"]
        or INVISIBLE in error["detail"]
        or error["field"].split(".")[0] == VIEW
        or (FREE in "." + error["field"] and UNSTORABLE in error["detail"])
        for error in errors
    ):
        return
    raise AssertionError(f"A valid request was refused: {response.status_code} {problem}")
