//! The command line as a machine sees it.

use miyabi_tests::Checkout;

#[tokio::test]
async fn with_json_every_answer_is_one_value_also_when_the_command_line_is_wrong() {
    let checkout = Checkout::new();
    let folder = checkout.dir().join("templates");
    let folder = folder.to_str().unwrap();
    let written = checkout
        .xtask(&["synth", "--stage", "dev", "--out", folder, "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(written["written"].as_array().unwrap().len(), 6, "{written}");
    let templates = checkout
        .xtask(&["synth", "--stage", "dev", "--json"])
        .await
        .expect(0)
        .json();
    assert!(templates["data"]["Resources"].is_object());
    let completions = checkout
        .xtask(&["completions", "bash", "--json"])
        .await
        .expect(0)
        .json();
    assert!(completions["script"].as_str().unwrap().contains("xtask"));
    let found = checkout.xtask(&["doctor", "--json"]).await.json();
    let names: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["name"].as_str())
        .collect();
    assert!(names.contains(&"PostgreSQL"), "{names:?}");

    let wrong = checkout.xtask(&["deploy", "--json"]).await.expect(2).json();
    assert_eq!(wrong["error"]["kind"], "usage");
    let message = wrong["error"]["message"].as_str().unwrap();
    assert!(message.contains("--stage"), "{message}");
    let unknown = checkout
        .xtask(&["plan", "--stage", "nowhere", "--offline", "--json"])
        .await
        .expect(2)
        .json();
    assert_eq!(unknown["error"]["exit_code"], 2, "{unknown}");
}
