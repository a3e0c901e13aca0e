//! Zips of the same content, old artifacts, and artifacts that were cut off.

use super::*;
use crate::build::Architecture;

fn project_with(binary: &[u8]) -> (tempfile::TempDir, Project, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let executable = folder.path().join("tasks");
    fs::write(&executable, binary).unwrap();
    let project = Project::new(folder.path());
    (folder, project, executable)
}

#[test]
fn zips_of_one_content_are_byte_equal_on_two_paths() {
    let zips = [(); 2].map(|()| {
        let (_folder, project, executable) = project_with(b"binary");
        let what_for = BuildFor::Lambda(Architecture::Arm64);
        let kept = keep(
            &project,
            &mut Index::default(),
            "tasks",
            &executable,
            what_for,
        )
        .unwrap();
        assert_eq!(
            kept.asset.key,
            format!("functions/tasks/{}.zip", kept.asset.sha256)
        );
        fs::read(kept.asset.path).unwrap()
    });
    assert_eq!(zips[0], zips[1]);
    let mut archive = zip::ZipArchive::new(Cursor::new(&zips[0])).unwrap();
    let mut file = archive.by_name("bootstrap").unwrap();
    assert_eq!(file.unix_mode(), Some(0o100_755));
    let mut content = Vec::new();
    file.read_to_end(&mut content).unwrap();
    assert_eq!(content, b"binary");
}

#[test]
fn the_oldest_artifacts_go() {
    let (_folder, project, executable) = project_with(b"binary");
    let mut index = Index::default();
    let mut kept = Vec::new();
    for number in 0..KEPT + 3 {
        fs::write(&executable, format!("binary {number:02}")).unwrap();
        let mut index = Index::default();
        kept.push(keep(&project, &mut index, "tasks", &executable, BuildFor::Local).unwrap());
    }
    let there: Vec<bool> = kept.iter().map(|one| one.bootstrap.exists()).collect();
    assert_eq!(there.iter().filter(|there| **there).count(), KEPT);
    assert!(there[KEPT + 2], "{there:?}");
    keep(&project, &mut index, "tasks", &executable, BuildFor::Local).unwrap();
}

#[test]
fn a_cut_artifact_is_made_again() {
    let (_folder, project, executable) = project_with(b"binary");
    let mut index = Index::default();
    let keep =
        |index: &mut Index| keep(&project, index, "tasks", &executable, BuildFor::Local).unwrap();
    let first = keep(&mut index);
    assert!(first.changed);
    assert!(!keep(&mut index).changed);
    fs::write(&first.bootstrap, b"bin").unwrap();
    assert!(keep(&mut index).changed);
    assert_eq!(fs::read(&first.bootstrap).unwrap(), b"binary");
}
