//! The asset bucket and what is in it.

use deployer::{
    asset::Asset,
    lease::LeaseHolder,
    progress::Progress,
    target::{Leases, Stacks, Teardown, Uploaded},
};
use miyabi_tests::{Emulator, Faults, ScriptedStacks, json};
use ring::digest::{SHA256, digest};

use super::{Place, good, text, writes};

/// A file that is uploaded like a function's code.
fn asset(folder: &std::path::Path, content: &[u8]) -> Asset {
    let sha256: String = digest(&SHA256, content)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = folder.join(format!("{sha256}.zip"));
    std::fs::write(&path, content).unwrap();
    Asset {
        function: "tasks".to_owned(),
        key: format!("functions/tasks/{sha256}.zip"),
        sha256,
        path,
        size: content.len() as u64,
    }
}

#[tokio::test]
async fn fault_16_an_upload_that_is_cut_off_is_sent_again_whole() {
    let place = Place::new(116).await;
    let faults = Faults::before(Emulator::shared().await).await;
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..6_000_000_u32)
        .map(|number| (number % 251) as u8)
        .collect();
    let asset = asset(folder.path(), &content);
    let aws = place.through(faults.url()).open().await.unwrap();
    faults
        .add(json!([{"service": "s3", "operation": "PutObject", "times": 1, "request": {"cut_upload": {"after_bytes": 100_000}}}]))
        .await;
    assert_eq!(aws.upload(&asset).await.unwrap(), Uploaded::Sent);
    assert_eq!(faults.fired("PutObject").await, 1);
    let there = Emulator::shared()
        .await
        .get_object(&place.account, &place.bucket(), &asset.key)
        .await;
    assert!(
        there.body == content,
        "{} bytes are there",
        there.body.len()
    );
    assert_eq!(aws.upload(&asset).await.unwrap(), Uploaded::AlreadyThere);
}

#[tokio::test]
async fn fault_17_a_corrupt_object_under_the_right_key_is_replaced() {
    let place = Place::new(117).await;
    let folder = tempfile::tempdir().unwrap();
    let asset = asset(folder.path(), b"the code");
    let emulator = Emulator::shared().await;
    emulator
        .put_object(&place.account, &place.bucket(), &asset.key, "half the c")
        .await;
    let aws = place.open().await.unwrap();
    assert_eq!(aws.upload(&asset).await.unwrap(), Uploaded::Sent);
    let there = emulator
        .get_object(&place.account, &place.bucket(), &asset.key)
        .await;
    assert_eq!(there.text(), "the code");
    assert_eq!(aws.upload(&asset).await.unwrap(), Uploaded::AlreadyThere);
}

#[tokio::test]
async fn fault_18_a_built_file_that_is_not_what_was_built_is_never_sent() {
    let place = Place::new(118).await;
    let folder = tempfile::tempdir().unwrap();
    let asset = asset(folder.path(), b"the code");
    std::fs::write(&asset.path, "the co").unwrap();
    let aws = place.open().await.unwrap();
    let error = aws.upload(&asset).await.unwrap_err();
    assert!(
        text(&error).contains("changed after the build"),
        "{}",
        text(&error)
    );
}

#[tokio::test]
async fn fault_20_a_bucket_of_somebody_else_is_refused_and_a_missing_one_says_what_makes_it() {
    let place = Place::new(120).await;
    let faults = Faults::before(Emulator::shared().await).await;
    let through = place.through(faults.url());
    faults
        .add(json!([{"service": "s3", "error": {"code": "AccessDenied", "status": 403}}]))
        .await;
    let aws = through.open().await.unwrap();
    let error = through
        .deploy_with(&aws, &[("data", good(1))])
        .await
        .unwrap_err();
    assert!(
        text(&error).contains(&format!(
            "belongs to another account than {}, or these credentials may not use it",
            place.account
        )),
        "{}",
        text(&error)
    );
    assert_eq!(writes(&aws), Vec::<String>::new());

    let nowhere = Place::at(220, Emulator::shared().await.url());
    let aws = nowhere.open().await.unwrap();
    let error = aws
        .lease(&LeaseHolder::this_process("deploy"))
        .await
        .unwrap_err();
    assert!(
        text(&error).contains("`cargo xtask bootstrap --stage sandbox`"),
        "{}",
        text(&error)
    );
}

/// S3 answers 200 and names what it kept.
#[tokio::test]
async fn fault_33_a_deletion_that_deletes_only_some_objects_is_an_error() {
    let place = Place::new(133).await;
    let emulator = Emulator::shared().await;
    for key in ["templates/a", "templates/b"] {
        emulator
            .put_object(&place.account, &place.bucket(), key, "old")
            .await;
    }
    let scripted = ScriptedStacks::before(emulator, |_, _| None).await;
    let bucket = place.bucket();
    scripted.answer(move |request| {
        request.starts_with(&format!("POST /{bucket}")).then(|| {
            let kept = "<DeleteResult><Error><Key>templates/b</Key><Code>AccessDenied</Code>\
                <Message>Access Denied</Message></Error></DeleteResult>";
            (200, kept.to_owned())
        })
    });
    let aws = place.through(scripted.url()).open().await.unwrap();
    let lease = aws.lease(&LeaseHolder::this_process("destroy")).await;
    let lease = lease.unwrap();
    let error = aws.destroy(&Progress::silent()).await.unwrap_err();
    lease.release().await.unwrap();
    insta::assert_snapshot!(text(&error).replace(&place.bucket(), "BUCKET"), @r"
    Objects of the bucket `BUCKET` cannot be deleted.
    s3:DeleteObject: templates/b Access Denied (AccessDenied), one of 1 that were not deleted
    Give the credentials the right `s3:DeleteObject` and look for a lock on the object, then run the same command again.
    ");
}
