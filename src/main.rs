//! The `onward` command: everything lives in the library's `cli`.

fn main() -> std::process::ExitCode {
    onward::cli::main()
}
