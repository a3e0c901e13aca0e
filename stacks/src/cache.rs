//! The cache: a Valkey for the revocation list. Nothing in it outlives 15 minutes.

use cfn::{Intrinsic, Output, Stack, elasticache};

use crate::{Stage, names::physical, network::NetworkOutputs};

/// What other stacks need of the cache.
pub(crate) struct CacheOutputs {
    /// `rediss://HOST:PORT`
    pub(crate) url: Output,
    /// Its name.
    pub(crate) name: Output,
}

/// The cache; `None` where the stage has none.
pub(crate) fn cache(stage: &Stage, network: &NetworkOutputs) -> (Stack, Option<CacheOutputs>) {
    let mut stack = Stack::new("cache", &format!("Miyabi {}: the cache.", stage.name));
    if !stage.cache {
        return (stack, None);
    }
    let mut cache = elasticache::ServerlessCache {
        description: Some(
            "The revocation list: nothing that cannot be lost for 15 minutes.".into(),
        ),
        subnet_ids: Some(network.subnets(&mut stack)),
        security_group_ids: Some(network.database_groups(&mut stack)),
        ..elasticache::ServerlessCache::new("valkey", "")
    };
    // Its schema requires a name.
    let suffix = network.identity.clone().and(&cache).suffix();
    cache.serverless_cache_name = physical(stage, &format!("cache-{suffix}")).into();
    let cache = stack.add("Cache", cache);
    let url = Intrinsic::sub(format!(
        "rediss://${{{0}.Endpoint.Address}}:${{{0}.Endpoint.Port}}",
        cache.logical_id()
    ));
    let outputs = CacheOutputs {
        url: stack.output("valkeyUrl", url),
        name: stack.output("cacheName", cache.reference()),
    };
    (stack, Some(outputs))
}
