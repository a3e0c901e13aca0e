//! Resource types whose loss is a loss of data: one reviewed list over every type of CloudFormation,
//! `resource_types.txt`, which says the rule and the reason of each.

use std::{collections::BTreeMap, sync::OnceLock};

static LIST: &str = include_str!("resource_types.txt");

/// What the list says about a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// It holds data.
    Data,
    /// It holds none.
    None,
}

/// Whether resources of this type hold data. A type that the list does not know, a custom resource
/// or one of another publisher, counts as holding data: nobody has said that it does not.
pub(crate) fn is_stateful(resource_type: &str) -> bool {
    types().get(resource_type) != Some(&Mark::None)
}

fn types() -> &'static BTreeMap<&'static str, Mark> {
    static TYPES: OnceLock<BTreeMap<&'static str, Mark>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let lines = LIST.lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| match line.split_once('\t') {
                Some((name, note)) if note.starts_with("data\t") => (name, Mark::Data),
                Some((name, _)) => (name, Mark::None),
                None => (line, Mark::None),
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last word of a type that stores something.
    const STORES: &[&str] = &[
        "Archive",
        "Backup",
        "Broker",
        "Bucket",
        "Cache",
        "Catalog",
        "Certificate",
        "Cluster",
        "Collection",
        "DataLake",
        "Database",
        "Dataset",
        "Datastore",
        "Directory",
        "Disk",
        "Domain",
        "FileSystem",
        "Graph",
        "Image",
        "Index",
        "Instance",
        "Key",
        "Keyspace",
        "Ledger",
        "LogGroup",
        "Memory",
        "Namespace",
        "Parameter",
        "Queue",
        "Registry",
        "Repository",
        "Secret",
        "Snapshot",
        "Store",
        "Stream",
        "Table",
        "UserPool",
        "Vault",
        "Volume",
    ];

    #[test]
    fn the_list_is_whole_sorted_and_each_mark_has_a_reason() {
        let lines: Vec<&str> = LIST.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.is_sorted() && lines.len() == types().len());
        assert_eq!(lines.len(), 1854, "the number of types of cfn-lint 1.58.0");
        for line in lines {
            let parts: Vec<&str> = line.split('\t').collect();
            let well = match parts.as_slice() {
                [name] => !STORES.iter().any(|word| name.ends_with(word)),
                [_, "data" | "none", reason] => !reason.trim().is_empty(),
                _ => false,
            };
            assert!(
                well,
                "`{line}` needs a mark and a reason in resource_types.txt"
            );
        }
    }

    #[test]
    fn every_type_of_the_kit_is_in_the_list() {
        for name in cfn::type_names() {
            assert!(types().contains_key(name), "{name}");
        }
    }

    #[test]
    fn types_that_hold_data_leave_no_template_without_a_warning() {
        let hold = "S3::Bucket DynamoDB::Table EFS::FileSystem Neptune::DBCluster DocDB::DBCluster \
            Redshift::Cluster OpenSearchService::Domain MSK::Cluster Kinesis::Stream SQS::Queue \
            SecretsManager::Secret KMS::Key Logs::LogGroup Cognito::UserPool ECR::Repository \
            Backup::BackupVault EC2::Volume FSx::FileSystem QLDB::Ledger Timestream::Table \
            MemoryDB::Cluster ElastiCache::ReplicationGroup ElastiCache::ServerlessCache \
            SSM::Parameter Route53::HostedZone ACMPCA::CertificateAuthority RDS::DBInstance \
            RDS::DBCluster RDS::GlobalCluster CloudFormation::Stack S3Tables::Table AmazonMQ::Broker";
        for name in hold.split_whitespace() {
            assert!(is_stateful(&format!("AWS::{name}")), "{name}");
        }
        assert!(is_stateful("MongoDB::Atlas::Cluster") && is_stateful("Custom::Anything"));
        for name in [
            "Lambda::Function",
            "IAM::Role",
            "EC2::Subnet",
            "ECS::Cluster",
            "SNS::Topic",
        ] {
            assert!(!is_stateful(&format!("AWS::{name}")), "{name}");
        }
    }
}
