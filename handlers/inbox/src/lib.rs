//! The inbox: what each person is to look at, and which tasks they watch.
//!
//! The function of tasks writes notifications, in the transaction of what they are about. Here each
//! person reads their own and puts them away: row-level security of this function's role shows the
//! rows of its caller alone. There is one row for each person and task.
//!
//! A change here is told to the connections of its person alone, as a signal without content
//! (`inbox_signals`); it is no event of the organization, and has no line in the audit trail.

mod change;
mod list;
mod notification;
mod read;
mod signal;
mod watch;

miyabi_core::routes![
    list::list,
    read::read,
    change::change,
    watch::get,
    watch::watch,
    watch::unwatch,
];
