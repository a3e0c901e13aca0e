//! The dashboard: its units, what its build is made of, and people at work in a real browser, against a
//! stage of this machine with the real functions and a real database.

use miyabi_tests::{Browser, Checkout, Method, browser, expect_success, run_in_frontend};

use crate::local_stage::{address, as_person, sign_in};

#[tokio::test]
async fn its_units_keep_what_they_promise_and_its_build_fits_its_budget() {
    // The deploy builds the site, and installs what these tests run with.
    let checkout = Checkout::new();
    checkout.deploy().await;
    expect_success(run_in_frontend("biome", &["check", "."], &[]).await);
    expect_success(run_in_frontend("vitest", &["run"], &[]).await);
}

#[tokio::test]
#[ignore = "needs both processors: cargo xtask test dashboard"]
async fn people_work_with_it_in_a_real_browser() {
    let checkout = Checkout::new();
    let outputs = checkout.deploy().await;
    let variables = [
        ("MIYABI_SITE_URL", outputs["siteUrl"].as_str().unwrap()),
        ("CHROMIUM", browser().to_str().unwrap()),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    expect_success(run_in_frontend("playwright", &["test"], &variables).await);
}

#[tokio::test]
async fn the_site_is_built_once_for_the_same_sources() {
    let checkout = Checkout::new();
    checkout.deploy().await;
    let again = checkout
        .xtask(&["deploy", "--stage", "local", "--yes", "--json"])
        .await
        .expect(0);
    assert_eq!(again.json()["result"], "unchanged");
    assert!(
        !again.stderr.contains("Building the site"),
        "{}",
        again.stderr
    );
}

/// What people see at their first sign-in on this machine, and that it is nobody else's.
#[tokio::test]
async fn a_new_stage_begins_with_a_sample_organization_and_gets_no_second_one() {
    let checkout = Checkout::new();
    let deploy = ["deploy", "--stage", "local", "--yes", "--json"];
    let outputs = checkout.xtask(&deploy).await.expect(0).json()["outputs"].clone();
    checkout.xtask(&deploy).await.expect(0);
    let tasks = async |person: &str| {
        let site = Browser::new(address(&outputs["siteUrl"]));
        let token = sign_in(&site, person).await;
        let path = "/api/tasks?limit=100";
        let page = as_person(&site, &token, Method::GET, path)
            .await
            .expect(200);
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((tasks("erin").await, tasks("bob").await), (40, 0));
}
