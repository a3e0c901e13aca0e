//! Going on in another organization.

use miyabi_tests::{App, Method, Person, Response, Token, json};

async fn switch(person: &Person, organization: &str) -> Response {
    let request = person
        .cookie_request(Method::POST, "/api/auth/switch")
        .json(json!({"organization_id": organization}));
    person.browser.send(request).await
}

#[tokio::test]
async fn a_switch_gives_a_token_for_the_other_organization_and_stays() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut bob = app.member(&alice, "bob", "viewer").await;
    let me = bob.get("/api/auth/me").await.expect(200);
    let own = me["organizations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|organization| organization["role"] == "owner")
        .unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let refresh = bob.browser.cookie("__Secure-rt");
    let answer = switch(&bob, &own).await.expect(200);
    assert_eq!(answer["organization"]["id"], own.as_str());
    let claims = Token::parse(answer["access_token"].as_str().unwrap()).claims;
    assert_eq!(
        (&claims["org"], &claims["role"]),
        (&json!(own), &json!("owner"))
    );
    assert_eq!(claims["sid"], bob.claims()["sid"], "it is the same session");
    assert_ne!(
        bob.browser.cookie("__Secure-rt"),
        refresh,
        "the cookie is exchanged at each use"
    );
    bob.refresh().await;
    assert_eq!(bob.organization_id(), own, "the next token is for it, too");
    // And so is the next sign-in.
    assert_eq!(app.sign_in("bob").await.organization_id(), own);
    assert_eq!(
        switch(&bob, &alice.organization_id()).await.expect(200)["organization"]["role"],
        "viewer"
    );
}

#[tokio::test]
async fn a_switch_that_is_refused_changes_nothing() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut bob = app.sign_in("bob").await;
    let before = (bob.browser.cookie("__Secure-rt"), bob.organization_id());
    switch(&bob, &alice.organization_id())
        .await
        .problem(404, "not_found");
    let bodies = [
        json!({}),
        json!({"organization_id": "x"}),
        json!({"organization_id": bob.organization_id(), "role": "owner"}),
    ];
    for body in bodies {
        let request = bob
            .cookie_request(Method::POST, "/api/auth/switch")
            .json(body);
        request.send().await.problem(422, "invalid");
    }
    assert_eq!(bob.browser.cookie("__Secure-rt"), before.0);
    bob.refresh().await;
    assert_eq!(bob.organization_id(), before.1);
}
