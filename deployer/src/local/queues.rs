//! SQS queues: a file each, one message a line, that only their owner can read. Messages are sent and
//! counted; nothing here receives any.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::Mutex,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::mutex::lock;

/// All queues, by ARN.
#[derive(Debug, Default)]
pub struct Queues(Mutex<BTreeMap<String, Queue>>);

#[derive(Debug)]
struct Queue {
    path: PathBuf,
    retention: Duration,
}

/// A message as its file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub message_id: String,
    /// Seconds since 1970.
    pub sent_at: u64,
    /// The text.
    pub body: String,
}

impl Queues {
    /// Adds the queue of that ARN, or changes how long it keeps a message. Messages that are there
    /// stay, unless they are too old.
    ///
    /// # Errors
    ///
    /// Its file cannot be read or written.
    pub fn put(&self, arn: &str, path: PathBuf, retention: Duration) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let queue = Queue { path, retention };
        let kept = queue.messages()?;
        let lines: Vec<String> = kept
            .iter()
            .map(|message| serde_json::to_string(message).map_err(io::Error::other))
            .collect::<io::Result<_>>()?;
        queue.write(true, &lines)?;
        lock(&self.0).insert(arn.to_owned(), queue);
        Ok(())
    }

    /// Removes a queue with its messages; one that is missing is not an error.
    ///
    /// # Errors
    ///
    /// Its file cannot be removed.
    pub fn remove(&self, arn: &str) -> io::Result<()> {
        let Some(queue) = lock(&self.0).remove(arn) else {
            return Ok(());
        };
        match fs::remove_file(&queue.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether there is a queue of that ARN.
    pub fn has(&self, arn: &str) -> bool {
        lock(&self.0).contains_key(arn)
    }

    /// Sends a message. A queue that is missing, or whose disk is full, loses it, as AWS's destination
    /// would.
    pub(super) fn send(&self, arn: &str, body: &str) {
        let message = Message {
            message_id: uuid::Uuid::new_v4().to_string(),
            sent_at: seconds(SystemTime::now()),
            body: body.to_owned(),
        };
        if let Some(queue) = lock(&self.0).get(arn)
            && let Ok(line) = serde_json::to_string(&message)
        {
            let _ = queue.write(false, &[line]);
        }
    }

    /// How many messages each queue has, by its name.
    pub(super) fn counts(&self) -> Vec<(String, usize)> {
        let queues = lock(&self.0);
        let count = |(arn, queue): (&String, &Queue)| {
            let name = arn.rsplit(':').next().unwrap_or_default().to_owned();
            (name, queue.messages().map_or(0, |messages| messages.len()))
        };
        queues.iter().map(count).collect()
    }

    /// The messages of a queue, the oldest first; none of a queue that is missing.
    pub fn messages(&self, arn: &str) -> Vec<Message> {
        let queues = lock(&self.0);
        let messages = queues.get(arn).map(Queue::messages);
        messages.and_then(Result::ok).unwrap_or_default()
    }
}

impl Queue {
    /// Those that are not too old.
    fn messages(&self) -> io::Result<Vec<Message>> {
        let text = match fs::read_to_string(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        let oldest = seconds(SystemTime::now()).saturating_sub(self.retention.as_secs());
        // A line that was cut when the disk was full is no message.
        let messages = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Message>(line).ok());
        Ok(messages
            .filter(|message| message.sent_at >= oldest)
            .collect())
    }

    fn write(&self, replace: bool, lines: &[String]) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create(true).mode(0o600);
        if replace {
            options.write(true).truncate(true);
        } else {
            options.append(true);
        }
        let mut file = options.open(&self.path)?;
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        file.write_all(text.as_bytes())
    }
}

fn seconds(at: SystemTime) -> u64 {
    at.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_keeps_its_messages_over_a_restart_until_they_are_too_old() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queues/dead");
        let day = Duration::from_secs(24 * 3600);
        let queues = Queues::default();
        queues.put("arn:q", path.clone(), day).unwrap();
        queues.send("arn:q", "one");
        queues.send("arn:other", "lost");
        let again = Queues::default();
        again.put("arn:q", path.clone(), day).unwrap();
        again.send("arn:q", "two");
        let bodies = |queues: &Queues| -> Vec<String> {
            let messages = queues.messages("arn:q");
            messages.into_iter().map(|message| message.body).collect()
        };
        assert_eq!(bodies(&again), ["one", "two"]);
        let old = Message {
            sent_at: 1,
            ..again.messages("arn:q")[0].clone()
        };
        let line = serde_json::to_string(&old).unwrap();
        fs::write(&path, format!("{line}\n{{\"cut")).unwrap();
        assert_eq!(bodies(&again), [""; 0]);
        again.remove("arn:q").unwrap();
        assert!(!path.exists());
        again.remove("arn:q").unwrap();
    }
}
