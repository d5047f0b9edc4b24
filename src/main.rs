//! The entry point of the `shotlist` program.

fn main() -> std::process::ExitCode {
    shotlist::cli::main().into()
}
