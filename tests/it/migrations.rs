//! The `migrate` function, and what it makes.

use miyabi_tests::{App, Database, Setup, json};

#[tokio::test]
async fn migrate_applies_everything_once_and_lets_the_roles_in() {
    let app = App::on(Database::empty().await, Setup::default()).await;
    let before = app
        .invoke("migrate", &json!({"kind": "status"}))
        .await
        .unwrap();
    assert_eq!(before["applied"], json!([]), "{before}");

    let applied = app
        .invoke("migrate", &json!({"kind": "apply"}))
        .await
        .unwrap();
    assert_eq!(applied["pending"], json!([]), "{applied}");
    assert_eq!(applied["applied"], before["pending"], "{applied}");
    app.db_as("miyabi_tasks").await;

    let again = app
        .invoke("migrate", &json!({"kind": "apply"}))
        .await
        .unwrap();
    assert_eq!(again, applied);
}
