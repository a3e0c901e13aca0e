//! A full disk: a small file system of the test's own, in a user namespace, which needs no root.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use miyabi_tests::{Checkout, Ran, skipped};

use super::{DEPLOY, DESTROY, checkout, nothing_runs};
use crate::local_stage::address;

/// Says a word after each thing that it did, and goes on when it gets a line or the end of them.
const KEEPER: &str = r#"
mount -t tmpfs -o size=16m tmpfs "$0" && echo mounted
read -r _ && mount -t tmpfs -o remount,size=2g tmpfs "$0" && echo grown
read -r _
"#;
/// Runs in the folder as it is in there, under an id that is not root's: PostgreSQL refuses root.
const INSIDE: [&str; 7] = [
    "unshare",
    "--user",
    "--map-user=1000",
    "--map-group=1000",
    "sh",
    "-c",
    r#"cd "$0" && exec "$@""#,
];

/// The folder of the stage on a disk of 16 megabytes, as the commands see it that run on it. Gone with
/// this value.
struct SmallDisk<'a> {
    checkout: &'a Checkout,
    keeper: Child,
    says: BufReader<ChildStdout>,
}

impl SmallDisk<'_> {
    /// `Err` says why this machine does not let this user.
    fn mount(checkout: &Checkout) -> Result<SmallDisk<'_>, String> {
        let folder: PathBuf = checkout.stage_dir();
        fs::create_dir_all(&folder).unwrap();
        let mut keeper = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", KEEPER])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("`unshare`: {error}"))?;
        let says = BufReader::new(keeper.stdout.take().unwrap());
        let mut disk = SmallDisk {
            checkout,
            keeper,
            says,
        };
        if !disk.said("mounted") {
            return Err("it lets this user mount nothing, not in a user namespace either".into());
        }
        let tried = disk.command(&["--version"]).output();
        match tried {
            Ok(output) if output.status.success() => Ok(disk),
            other => Err(format!("no command runs in a user namespace: {other:?}")),
        }
    }

    fn said(&mut self, word: &str) -> bool {
        let mut line = String::new();
        self.says.read_line(&mut line).unwrap();
        line.trim() == word
    }

    /// Makes room.
    fn grow(&mut self) {
        writeln!(self.keeper.stdin.as_mut().unwrap()).unwrap();
        assert!(self.said("grown"));
    }

    /// `cargo xtask ARGUMENTS` where the disk is mounted.
    fn command(&self, arguments: &[&str]) -> Command {
        let outside = self.checkout.command(arguments);
        let outside = outside.as_std();
        let mut command = Command::new("nsenter");
        command
            .args(["--user", "--mount", "--preserve-credentials", "--target"])
            .arg(self.keeper.id().to_string())
            .args(INSIDE)
            .arg(self.checkout.dir())
            .arg(outside.get_program())
            .args(outside.get_args());
        for (name, value) in outside.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.stdin(Stdio::null());
        command
    }

    async fn xtask(&self, arguments: &[&str]) -> Ran {
        let command = tokio::process::Command::from(self.command(arguments)).output();
        command.await.unwrap().into()
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        // From outside nobody finds the supervisor: its files are on the disk. The folder itself, a
        // mount point, cannot be removed.
        let _ = self.command(DESTROY).output();
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_the_next_deploy_goes_on() {
    let checkout = checkout();
    let mut disk = match SmallDisk::mount(&checkout) {
        Ok(disk) => disk,
        Err(why) => return skipped("a full disk", &why),
    };
    let error = disk.xtask(DEPLOY).await.expect(1).json()["error"].clone();
    let folder = checkout.stage_dir();
    for (part, expected) in [
        (error["message"].to_string(), &*folder.to_string_lossy()),
        (error.to_string(), "No space left on device"),
        (error["hint"].to_string(), "Make room on the disk"),
    ] {
        assert!(part.contains(expected), "{expected}: {error}");
    }
    disk.grow();
    let outputs = disk.xtask(DEPLOY).await.expect(0).json()["outputs"].clone();
    assert!(TcpStream::connect(address(&outputs["siteUrl"])).is_ok());
    drop(disk);
    nothing_runs(&checkout).await;
}
