//! The files that are built in, compressed: a cold start reads a third of them, and a browser gets
//! them as they are.

use std::io::Read;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use flate2::read::GzDecoder;

struct Asset {
    name: &'static str,
    gzip: &'static [u8],
}

const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The file of that name, compressed when the client takes that; `None`: there is no such file.
pub(crate) fn answer(name: &str, headers: &HeaderMap) -> Option<Response> {
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    let takes_gzip = miyabi_core::takes_gzip(headers);
    let body = if takes_gzip {
        Body::from(asset.gzip)
    } else {
        Body::from(asset.content()?)
    };
    let mut response = body.into_response();
    let answer = response.headers_mut();
    answer.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(content_type(name)),
    );
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if takes_gzip {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Some(response)
}

impl Asset {
    fn content(&self) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        // Only a broken build could fail here; it has a test.
        GzDecoder::new(self.gzip)
            .read_to_end(&mut content)
            .ok()
            .map(|_| content)
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_can_be_read_and_has_a_type() {
        assert!(ASSETS.len() >= 7);
        for asset in ASSETS {
            assert!(!asset.content().unwrap().is_empty(), "{}", asset.name);
            assert_ne!(content_type(asset.name), "application/octet-stream");
        }
    }
}
