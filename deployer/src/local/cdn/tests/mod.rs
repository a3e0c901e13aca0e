//! The site's template, served: every property that counts comes from it.

mod files;
mod requests;
mod site;
