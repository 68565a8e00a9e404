//! The recipes that `onward init --from` can start with: the projects of `journeys/recipes`, put into the program by the build step.
//!
//! In: a name as somebody wrote it. Out: the recipe, or what to write instead. **Invariant:** sorted by name, and every file is in its
//! recipe once.

use crate::diagnostic::suggest;
use std::fmt::Write as _;

/// A project to begin with.
#[derive(Debug)]
pub struct Recipe {
    /// The name of its folder: `r01-welcome`.
    pub name: &'static str,
    /// What it is about, in a line; empty where its page does not say it.
    pub shows: &'static str,
    /// Path from the project's folder on, with `/`, and text.
    pub files: &'static [(&'static str, &'static str)],
}

/// All of them.
pub const RECIPES: &[Recipe] = include!(concat!(env!("OUT_DIR"), "/recipes.rs"));

/// A line for each recipe.
pub fn list() -> String {
    let width = RECIPES.iter().map(|recipe| recipe.name.len()).max().unwrap_or(0);
    RECIPES.iter().fold(String::new(), |mut text, recipe| {
        let line = format!("{:width$}  {}", recipe.name, recipe.shows);
        let _ = writeln!(text, "{}", line.trim_end());
        text
    })
}

/// The recipe of this name. The part before the first `-` (`r01`) is enough where only one begins with it; case does not matter.
///
/// # Errors
/// Says what is near, and lists them all.
pub fn find(written: &str) -> Result<&'static Recipe, String> {
    let lower = written.to_lowercase();
    if let Some(recipe) = RECIPES.iter().find(|recipe| recipe.name == lower) {
        return Ok(recipe);
    }
    let begin: Vec<&Recipe> =
        RECIPES.iter().filter(|recipe| recipe.name.split_once('-').is_some_and(|(before, _)| before == lower)).collect();
    if let [recipe] = begin.as_slice() {
        return Ok(recipe);
    }
    let near = suggest::nearest(&lower, RECIPES.iter().map(|recipe| recipe.name));
    let hint = match near.as_slice() {
        [] => String::new(),
        near => format!("; did you mean {}?", near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")),
    };
    Err(format!("there is no recipe `{written}`{hint}\n\nThe recipes:\n{}", list().trim_end()))
}
