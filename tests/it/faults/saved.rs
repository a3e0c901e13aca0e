//! A plan that is saved and applied later, by somebody else.

use deployer::{ErrorKind, asset::Asset, project::Project, saved_plan};
use miyabi_tests::Emulator;

use super::{
    Place,
    application::{Application, smoke_test, version},
    approved, text,
};

/// Puts code where a build of that checkout leaves it.
fn build(project: &Project, asset: &Asset) {
    let folder = project.artifacts().join("functions").join(&asset.function);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::copy(&asset.path, folder.join(format!("{}.zip", asset.sha256))).unwrap();
}

#[tokio::test]
async fn fault_43_a_saved_plan_is_applied_by_somebody_else_and_refused_after_the_stage_changed() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    Application::good(folder.path(), "one")
        .deploy(&place)
        .await
        .unwrap();
    let two = Application::good(folder.path(), "two");
    let file = folder.path().join("plan.json");
    let planned = two
        .plan(&place, &place.open().await.unwrap())
        .await
        .unwrap();
    saved_plan::save(&planned, &file).unwrap();

    // Somebody else, who has the file and another checkout.
    let elsewhere = tempfile::tempdir().unwrap();
    let project = Project::new(elsewhere.path());
    let stage = place.stage();
    let apply = async || {
        let aws = place.open().await?;
        let applied = place.change(&aws, async |deployment| {
            let plan = deployment.saved_plan(&file, &project).await?;
            let smoke_test = smoke_test(&stage);
            deployment.deploy(&approved(&plan), &smoke_test).await
        });
        applied.await
    };
    let error = apply().await.unwrap_err();
    assert!(
        text(&error).contains(&format!("docs {}", two.docs.asset.sha256)),
        "{}",
        text(&error)
    );
    assert_eq!(version(&emulator, &place).await, "one");
    build(&project, &two.docs.asset);
    apply().await.unwrap();
    assert_eq!(version(&emulator, &place).await, "two");

    // The stage is not what the plan was made from any more, also after the same change by another.
    let error = apply().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(
        error
            .message()
            .starts_with("The stage `sandbox` has changed since the plan was made: stack api"),
        "{}",
        text(&error)
    );
    assert_eq!(version(&emulator, &place).await, "two");
}
