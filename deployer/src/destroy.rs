//! Deleting a stage for good.

use crate::{
    Error,
    interrupt::{Interrupt, Ongoing},
    plan::Removal,
    progress::Progress,
    target::Target,
};

/// Deletes every stack of the removal, and then what the target has besides; returns the names of
/// the stacks.
///
/// # Errors
///
/// [`crate::ErrorKind::Interrupted`] when a person stopped it between two stacks; the remaining ones
/// stay whole.
pub(crate) async fn destroy(
    target: &dyn Target,
    removal: &Removal,
    progress: &Progress,
    interrupt: &Interrupt,
) -> Result<Vec<String>, Error> {
    interrupt.check("Nothing was changed.")?;
    target.note_retained().await?;
    let mut deleted: Vec<String> = Vec::new();
    for stack in &removal.plan().stacks {
        interrupt.check(&so_far(&deleted, "The other stacks were not touched."))?;
        let title = format!("Deleting {}", stack.name);
        let step = progress.step(format!("stack {}", stack.name), &title);
        let _ongoing = interrupt.during(Ongoing {
            title,
            can_go_back: None,
        });
        target.delete_stack(&stack.name, progress).await?;
        step.done("");
        deleted.push(stack.name.clone());
    }
    interrupt.check(&so_far(&deleted, "Retained resources were not deleted."))?;
    target.destroy(progress).await?;
    Ok(deleted)
}

fn so_far(deleted: &[String], rest: &str) -> String {
    match deleted {
        [] => "Nothing was deleted.".to_owned(),
        names => format!("Deleted: {}. {rest}", names.join(", ")),
    }
}
