//! One list of handlers, from which a function has its router and its part of the OpenAPI document.

/// Declares `router()` and `openapi()` of a function from its handlers, each with `#[utoipa::path]`.
///
/// A router alone knows only paths and methods: a document with its schemas would cost each cold
/// start a millisecond, and nobody would read it. The crate needs `axum`, `utoipa` and
/// `utoipa-axum`.
///
/// ```ignore
/// miyabi_core::routes![list::list, create::create];
/// ```
#[macro_export]
macro_rules! routes {
    ($($module:ident :: $handler:ident),+ $(,)?) => {
        /// The routes of this function.
        pub fn router() -> ::axum::Router<$crate::App> {
            use ::utoipa::Path as _;
            ::axum::Router::new()$(.merge(::utoipa_axum::paste! {{
                let filters = $module::[<__path_ $handler>]::methods()
                    .into_iter()
                    .map(|method| ::utoipa_axum::PathItemExt::to_method_filter(&method));
                let route = filters.fold(::axum::routing::MethodRouter::new(), |route, filter| {
                    route.on(filter, $module::$handler)
                });
                ::axum::Router::new().route(&$module::[<__path_ $handler>]::path(), route)
            }}))+
        }

        /// What the routes say of themselves: one part of the document that `docs` serves.
        pub fn openapi() -> ::utoipa::openapi::OpenApi {
            ::utoipa_axum::router::OpenApiRouter::<$crate::App>::new()
                $(.routes(::utoipa_axum::routes!($module::$handler)))+
                .split_for_parts()
                .1
        }
    };
}
