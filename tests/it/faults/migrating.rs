//! Migrations that fail, and code that fails after them, through a whole deploy. What the function
//! `migrate` itself survives is in `it/migrations.rs`.

use std::{fs, path::Path};

use miyabi_tests::{Emulator, Faults, Value, json};

use super::{
    Place,
    application::{Application, Code, roll_back, version},
    text,
};

/// All is well.
const WELL: &str = "return {'applied': [], 'pending': [], 'schema_version': 2}";

/// A `migrate` with that answer. It notes what it is asked; what became of a run that nobody waits for
/// is in a file beside the notes.
fn migrate(folder: &Path, answer: &str) -> Code {
    let calls = folder.join("calls");
    let body = format!(
        "def apply():
        {answer}
    calls = '{}'
    outcome = calls + '-' + event.get('run', '')
    if event['kind'] == 'status':
        told = json.load(open(outcome)) if os.path.exists(outcome) else None
        run = told and {{'state': 'failed' if 'error' in told else 'done', 'error': told.get('error'), 'alive': False}}
        return {{'applied': [], 'pending': [], 'schema_version': 2, 'run': run}}
    open(calls, 'a').write(event['kind'] + '\\n')
    told = apply()
    json.dump(told, open(outcome + '.new', 'w'))
    os.rename(outcome + '.new', outcome)
    return told",
        calls.display()
    );
    Code::python(folder, "migrate", &body)
}

/// How often the schema was to be changed.
fn calls(folder: &Path) -> usize {
    let calls = fs::read_to_string(folder.join("calls")).unwrap_or_default();
    calls.lines().filter(|line| *line == "apply").count()
}

fn add_migration(folder: &Path, number: u32) {
    let name = format!("migrations/{number:04}_number_{number}.sql");
    fs::write(folder.join(name), "select 1;").unwrap();
}

/// The application at that version, with a `migrate` of that answer.
fn application(folder: &Path, version: &str, answer: &str) -> Application {
    Application {
        migrate: Some(migrate(folder, answer)),
        ..Application::good(folder, version)
    }
}

#[tokio::test]
async fn fault_23_a_migration_that_fails_leaves_the_code_unswitched_and_a_rerun_converges() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("migrations")).unwrap();
    add_migration(folder, 1);
    let first = application(folder, "one", WELL);
    first.deploy(&place).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "one");
    assert_eq!(calls(folder), 1);

    add_migration(folder, 2);
    let failures = [
        (
            "return {'error': {'code': 'migration_failed', 'detail': 'syntax error at or near \"tabel\"', 'version': 2}}",
            "Migration 2 failed (migration_failed).",
        ),
        // Killed in the middle of it.
        (
            "os._exit(1)",
            "The function `migrate` ended without a word, or never began.",
        ),
    ];
    for (answer, expected) in failures {
        let error = application(folder, "two", answer)
            .deploy(&place)
            .await
            .unwrap_err();
        let told = text(&error);
        assert!(told.contains(expected), "{told}");
        assert!(
            place.told().contains("Not touched: api."),
            "{}",
            place.told()
        );
        assert_eq!(
            version(&emulator, &place).await,
            "one",
            "the code is not switched"
        );
    }
    // A run that was killed is tried twice again, as Lambda does.
    assert_eq!(calls(folder), 5);

    let fixed = application(folder, "two", WELL);
    let (plan, _) = fixed.deploy(&place).await.unwrap();
    let pending: Vec<i64> = plan
        .migrations
        .pending
        .iter()
        .map(|file| file.version)
        .collect();
    assert_eq!(pending, [2]);
    assert_eq!(version(&emulator, &place).await, "two");
    let (plan, _) = fixed.deploy(&place).await.unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    assert_eq!(calls(folder), 6);

    // `migrate` has other versions by now, too; it goes with the schema, and that stays.
    let moved = roll_back(&place).await.unwrap();
    assert_eq!(deployer::release::describe(&moved), "docs 2 -> 1");
    assert_eq!(version(&emulator, &place).await, "one");
}

#[tokio::test]
async fn fault_23_migrations_that_run_outlast_answers_that_are_lost_while_they_are_asked_for() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let faults = Faults::before(&emulator).await;
    // What is asked is waited for; what runs the migrations is not.
    let asked = |fault: Value| {
        let mut rule = json!({"service": "lambda", "operation": "Invoke", "times": 1,
            "headers": {"x-amz-invocation-type": "RequestResponse"}});
        rule.as_object_mut()
            .unwrap()
            .extend(fault.as_object().unwrap().clone());
        rule
    };
    faults
        .add(json!([
            asked(json!({"error": {"code": "ServiceException", "status": 500}})),
            asked(json!({"response": {"abort_bytes": 0}})),
        ]))
        .await;
    let application = application(folder, "one", WELL);
    add_migration(folder, 1);
    application
        .deploy(&place.through(faults.url()))
        .await
        .unwrap();
    assert_eq!(faults.fired("Invoke").await, 2);
    assert_eq!(calls(folder), 1, "nothing was migrated twice");
    assert_eq!(version(&emulator, &place).await, "one");
}

#[tokio::test]
async fn fault_24_when_the_code_fails_after_a_migration_the_old_code_works_and_a_rerun_does_not_migrate_again()
 {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("migrations")).unwrap();
    add_migration(folder, 1);
    application(folder, "one", WELL)
        .deploy(&place)
        .await
        .unwrap();

    add_migration(folder, 2);
    let two = || application(folder, "two", WELL);
    let failing = Application {
        more: json!({
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Wait": {"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": "DocsAlias",
                "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "1", "Count": 1}},
        }),
        ..two()
    };
    let error = failing.deploy(&place).await.unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("The stack `api` was not updated: Wait (AWS::CloudFormation::WaitCondition) failed. It was rolled back"),
        "{told}"
    );
    assert_eq!(calls(folder), 2, "it was migrated");
    assert_eq!(
        version(&emulator, &place).await,
        "one",
        "the old code works"
    );

    let (plan, _) = two().deploy(&place).await.unwrap();
    assert!(!plan.migrations.run, "{:?}", plan.migrations);
    assert_eq!(calls(folder), 2, "nothing was migrated again");
    assert_eq!(version(&emulator, &place).await, "two");
}
