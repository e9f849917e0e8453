"""Glue: jobs, and the data catalog, where a table needs its database and the catalog, too."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, NotDerivedError
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import tag_context, texts

_WITHOUT = frozenset(
    [
        "CreateClassifier",
        "CreateCrawler",
        "CreateDevEndpoint",
        "CreateScript",
        "CreateSecurityConfiguration",
        "DeleteClassifier",
        "DeleteSecurityConfiguration",
        "GetClassifier",
        "GetClassifiers",
        "GetCrawlerMetrics",
        "GetCrawlers",
        "GetDataflowGraph",
        "GetDevEndpoints",
        "GetJobBookmark",
        "GetJobs",
        "GetMapping",
        "GetPlan",
        "GetSecurityConfiguration",
        "GetSecurityConfigurations",
        "GetTriggers",
        "ListCrawlers",
        "ListJobs",
        "ListRegistries",
        "ListSessions",
        "ListTriggers",
        "ListWorkflows",
        "ResetJobBookmark",
        "UpdateClassifier",
    ]
)
_OF_JOBS = frozenset(
    [
        "BatchStopJobRun",
        "CreateJob",
        "DeleteJob",
        "GetJob",
        "GetJobRun",
        "GetJobRuns",
        "StartJobRun",
        "UpdateJob",
    ]
)
_OF_DATABASES = frozenset(
    ["CreateDatabase", "DeleteDatabase", "GetDatabase", "GetDatabases", "UpdateDatabase"]
)
_OF_TABLES = frozenset(
    [
        "BatchCreatePartition",
        "BatchDeletePartition",
        "BatchDeleteTable",
        "BatchDeleteTableVersion",
        "BatchGetPartition",
        "BatchUpdatePartition",
        "CreatePartition",
        "CreatePartitionIndex",
        "CreateTable",
        "DeletePartition",
        "DeletePartitionIndex",
        "DeleteTable",
        "DeleteTableVersion",
        "GetPartition",
        "GetPartitionIndexes",
        "GetPartitions",
        "GetTable",
        "GetTableVersion",
        "GetTableVersions",
        "GetTables",
        "SearchTables",
        "UpdatePartition",
        "UpdateTable",
    ]
)
_NAMED = {
    "Crawler": "crawler",
    "Trigger": "trigger",
    "Workflow": "workflow",
    "Connection": "connection",
    "Registry": "registry",
    "Schema": "schema",
    "Session": "session",
}


def accesses(call: Call, _lookups: Lookups) -> list[Access]:
    """The operation on its job, or on each catalog resource that it touches.

    Glue developer guide, "Identity-based policies for the Data Catalog": an action on a table
    needs permission on the table, its database and the catalog.
    """
    if call.operation in _WITHOUT:
        return [Access(f"glue:{call.operation}", "*", tag_context(call))]
    return [
        Access(f"glue:{call.operation}", call.arn("glue", path), tag_context(call))
        for path in _paths(call)
    ]


def _paths(call: Call) -> list[str]:
    if call.operation in _OF_JOBS:
        return [f"job/{call.text('JobName') or call.text('Name')}"]
    if call.operation == "BatchGetJobs":
        return [f"job/{name}" for name in texts(call.parameters.get("JobNames"))]
    if call.operation in _OF_DATABASES:
        given = call.parameters.get("DatabaseInput") or {}
        name = call.text("Name") or given.get("Name") or "*"
        return ["catalog", f"database/{name}"]
    if call.operation in _OF_TABLES:
        return _table_paths(call)
    if call.operation in ("TagResource", "UntagResource", "GetTags"):
        return [call.text("ResourceArn").split(":", 5)[-1]]
    for kind, path in _NAMED.items():
        given = call.parameters.get(f"{kind}Input") or {}
        name = call.text("Name") or call.text(f"{kind}Name") or given.get("Name")
        if kind in call.operation and name:
            return [*(["catalog"] if kind == "Connection" else []), f"{path}/{name}"]
    raise NotDerivedError(f"no resource is known for glue:{call.operation}")


def _table_paths(call: Call) -> list[str]:
    database = call.text("DatabaseName") or "*"
    given = call.parameters.get("TableInput") or {}
    table = call.text("TableName") or call.text("Name") or given.get("Name") or "*"
    tables = texts(call.parameters.get("TablesToDelete")) or (table,)
    return ["catalog", f"database/{database}", *(f"table/{database}/{name}" for name in tables)]
