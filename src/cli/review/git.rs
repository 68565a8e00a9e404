//! Versions of a project out of a git repository.
//!
//! In: the path of a project, revisions. Out: folders with the files of each. **Invariant:** neither the work tree nor the index nor a branch is
//! touched: files are written below a folder of our own, which is removed when it is dropped; a revision can never be taken for an option.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Bytes of one version that are written out.
const VERSION_BYTES_MAX: u64 = 2 << 30;

/// Folders of our own that are tried before we give up.
const FOLDERS_MAX: u32 = 1_000;

/// A repository and where in it the project lies.
#[derive(Debug)]
pub(super) struct Repository {
    git_dir: PathBuf,
    /// Of the folder that holds the project, below the top: empty, or ending in `/`.
    pub prefix: String,
    /// The project's only file, where the path names one.
    file: Option<String>,
}

/// What is compared: `A..B` as its two ends, `A...B` as the point where they parted and `B`, `A` alone with the work tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub before: String,
    pub after: Option<String>,
    pub from_fork: bool,
}

impl Range {
    pub fn of(text: &str) -> Range {
        let end = |text: &str| if text.is_empty() { "HEAD".to_owned() } else { text.to_owned() };
        if let Some((before, after)) = text.split_once("...") {
            return Range { before: end(before), after: Some(end(after)), from_fork: true };
        }
        match text.split_once("..") {
            Some((before, after)) => Range { before: end(before), after: Some(end(after)), from_fork: false },
            None => Range { before: end(text), after: None, from_fork: false },
        }
    }
}

/// A folder of our own, for as long as it lives.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub fn new() -> Result<Scratch, String> {
        let base = std::env::temp_dir();
        for number in 0..FOLDERS_MAX {
            let folder = base.join(format!("onward-review-{}-{number}", std::process::id()));
            match private(&folder) {
                Ok(()) => return Ok(Scratch(folder)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(format!("cannot make `{}`: {error}", folder.display())),
            }
        }
        Err(format!("`{}` is full of folders that other runs left behind", base.display()))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, which clears its folder for such files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A sample log may name customers: nobody else may look.
fn private(folder: &Path) -> std::io::Result<()> {
    #[allow(unused_mut, reason = "only some systems know who may look")]
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

impl Repository {
    /// The repository that holds a path. The path itself need not be there any more.
    pub fn of(path: &Path) -> Result<Repository, String> {
        let (mut folder, mut gone) = (path.to_owned(), Vec::new());
        let mut file = None;
        if path.is_file() {
            file = path.file_name().map(|name| name.to_string_lossy().into_owned()).filter(|name| name.ends_with(".journey"));
            folder = path.parent().map(Path::to_owned).unwrap_or_default();
        }
        while !folder.as_os_str().is_empty() && !folder.is_dir() {
            gone.push(folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
            folder = folder.parent().map(Path::to_owned).unwrap_or_default();
        }
        let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
        let git_dir = run(command(&folder).args(["rev-parse", "--absolute-git-dir"]))
            .map_err(|why| if why.starts_with(NO_GIT) { why } else { not_a_repository(path) })?;
        let mut prefix = run(command(&folder).args(["rev-parse", "--show-prefix"]))?;
        for name in gone.iter().rev() {
            prefix.push_str(name);
            prefix.push('/');
        }
        Ok(Repository { git_dir: PathBuf::from(git_dir), prefix, file })
    }

    /// The commit that a revision names.
    pub fn commit(&self, revision: &str) -> Result<String, String> {
        let found = self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")]);
        found.map_err(|why| {
            if why.starts_with(NO_GIT) {
                return why;
            }
            let shallow = self.git(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|said| said == "true");
            let hint = if shallow {
                "this clone has only the latest commits: in a workflow, check out with `fetch-depth: 0`"
            } else {
                "`git log --oneline --all` shows what there is"
            };
            format!("the repository has no revision `{revision}`; {hint}")
        })
    }

    /// Where two commits parted.
    pub fn fork(&self, one: &str, other: &str) -> Result<String, String> {
        self.git(&["merge-base", one, other]).map_err(|_| "the two revisions have no common past: compare them with `..`".to_owned())
    }

    /// Writes the project of a commit below a folder and says where it lies; `None` where the commit has none.
    pub fn write(&self, commit: &str, into: &Path) -> Result<Option<PathBuf>, String> {
        let tree = match self.prefix.trim_end_matches('/') {
            "" => format!("{commit}^{{tree}}"),
            inside => format!("{commit}:{inside}"),
        };
        if self.git(&["cat-file", "-t", &tree]).as_deref() != Ok("tree") {
            return Ok(None);
        }
        let listed = self.git(&["ls-tree", "-r", "--long", &tree])?;
        // `100644 blob HASH    SIZE\tNAME`
        let sizes = listed.lines().filter_map(|line| line.split('\t').next()?.split_whitespace().nth(3)?.parse::<u64>().ok());
        let bytes: u64 = sizes.sum();
        if bytes > VERSION_BYTES_MAX {
            return Err(format!(
                "`{commit}` has {bytes} bytes below the project, and {VERSION_BYTES_MAX} are the most; name a smaller folder, or compare two folders"
            ));
        }
        if let Some(file) = &self.file
            && !listed.lines().any(|line| line.ends_with(&format!("\t{file}")))
        {
            return Ok(None);
        }
        let (files, index) = (into.join("files"), into.join("index"));
        std::fs::create_dir_all(&files).map_err(|error| format!("cannot make `{}`: {error}", files.display()))?;
        // An index and a work tree of our own: what lies in the repository is read, and nothing else.
        let own = |arguments: &[&str]| {
            let mut command = command(&files);
            command.args(arguments).env("GIT_DIR", &self.git_dir).env("GIT_WORK_TREE", &files).env("GIT_INDEX_FILE", &index);
            run(&mut command)
        };
        own(&["read-tree", &tree])?;
        own(&["checkout-index", "--all", "--force", "--quiet"])?;
        Ok(Some(self.file.as_ref().map_or(files.clone(), |file| files.join(file))))
    }

    fn git(&self, arguments: &[&str]) -> Result<String, String> {
        run(command(Path::new(".")).args(arguments).env("GIT_DIR", &self.git_dir))
    }
}

const NO_GIT: &str = "git is not installed";

fn not_a_repository(path: &Path) -> String {
    format!("`{}` is in no git repository; two folders can be compared as well: `onward review OLD_FOLDER NEW_FOLDER`", path.display())
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).stdin(Stdio::null());
    // Words that can be told apart, names as they are, and no lock on somebody's index.
    command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").args(["-c", "core.quotePath=false"]);
    command
}

/// What it prints, without the last line end.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("{NO_GIT}, or not on the PATH; two folders can be compared without it"),
        _ => format!("git cannot be run: {error}"),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("git could not do its part: {}", said.lines().next().unwrap_or("no reason given").trim_start_matches("fatal: ")))
}

#[cfg(test)]
mod tests {
    use super::Range;

    #[test]
    fn a_range_is_read_as_git_reads_it() {
        let range =
            |before: &str, after: Option<&str>, from_fork| Range { before: before.to_owned(), after: after.map(str::to_owned), from_fork };
        assert_eq!(Range::of("main..feature/x"), range("main", Some("feature/x"), false));
        assert_eq!(Range::of("main..."), range("main", Some("HEAD"), true));
        assert_eq!(Range::of("..x"), range("HEAD", Some("x"), false));
        assert_eq!(Range::of("v1.2"), range("v1.2", None, false));
    }
}
