//! The `shotlist` program.

fn main() -> std::process::ExitCode {
    shotlist::cli::main().into()
}
