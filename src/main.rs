//! The `onward` command: everything lives in the library's `cli`.

/// A daemon's rows grow and shrink with every event; `Cargo.toml` says what that costs otherwise.
#[cfg(feature = "daemon")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    onward::cli::main()
}
