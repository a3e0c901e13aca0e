//! Sign-in, sessions, access and refresh tokens.

use miyabi_tests::App;

#[tokio::test]
async fn somebody_who_signs_in_is_the_owner_of_an_organization() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let me = alice.get("/api/auth/me").await.expect(200);
    assert_eq!(alice.claims()["role"], "owner", "{me}");
}
