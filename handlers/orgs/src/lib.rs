//! Organizations, members, roles and invitations: `/api/organizations`, `/api/members`,
//! `/api/roles` and `/api/invitations`.
//!
//! What always holds:
//!
//! - Nobody grants or takes away what they do not have: a role that is given, taken or edited has no
//!   permission that the caller lacks ([`authority`]).
//! - An organization that is not deleted has an owner who can sign in. Whoever changes members,
//!   roles or invitations holds the row of the organization until the transaction ends, so that two
//!   owners cannot demote each other.
//! - A code of an invitation is in one response, and stored as a hash. It lets in nobody when its
//!   author could not let them in any more.
//! - What belongs to another organization is answered as what does not exist.

mod authority;
mod deletion;
mod invitations;
mod join;
mod members;
mod organizations;
mod permission_set;
mod role;
mod role_name;
mod roles;
mod task_key;

miyabi_core::routes![
    organizations::list,
    organizations::create,
    organizations::get,
    organizations::change,
    deletion::delete,
    deletion::restore,
    members::leave,
    members::list,
    members::change_role,
    members::remove,
    roles::list,
    roles::create,
    roles::change,
    roles::delete,
    invitations::list,
    invitations::create,
    invitations::revoke,
    join::preview,
    join::accept,
];
