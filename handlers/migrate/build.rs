//! The migrations are built into the function: a new one must make it build again.

fn main() {
    println!("cargo:rerun-if-changed=../../migrations");
}
