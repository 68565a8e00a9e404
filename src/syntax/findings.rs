//! The findings about spelling: one struct per code, wording from whoever finds it.

use crate::diagnostic::{Code, Fix, Problem};
use crate::source::Place;

/// Declares findings whose words depend on where they are found.
macro_rules! findings {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $slug:literal;)+) => { $(
        $(#[doc = $doc])+
        #[derive(Debug, thiserror::Error, miette::Diagnostic)]
        #[error("{message}")]
        #[diagnostic(help("{help}"))]
        pub struct $name {
            pub message: String,
            #[label(primary, "{label}")]
            pub place: Place,
            pub label: String,
            pub help: String,
            pub fixes: Vec<Fix>,
        }

        impl Problem for $name {
            const CODE: Code = Code::new($number, $slug);

            fn place(&self) -> Place {
                self.place
            }

            fn fixes(&self) -> Vec<Fix> {
                self.fixes.clone()
            }
        }

        impl From<Words> for $name {
            fn from(words: Words) -> $name {
                let Words { message, place, label, help, fixes } = words;
                $name { message, place, label, help, fixes }
            }
        }
    )+ };
}

/// What a finding says and what would mend it.
#[derive(Debug, Clone)]
pub struct Words {
    pub message: String,
    pub place: Place,
    pub label: String,
    pub help: String,
    pub fixes: Vec<Fix>,
}

findings! {
    /// Brackets and blocks deeper than [`super::NESTING_MAX`].
    TooDeep = "E0002", "nested-too-deep";
    /// A `{` without its `}`.
    UnclosedBrace = "E0003", "unclosed-brace";
    /// A `}` without its `{`, or a line that lost its `{`.
    StrayBrace = "E0004", "brace-without-partner";
    /// A text without its closing quote.
    UnclosedText = "E0005", "unclosed-text";
    /// A long text without its closing quotes.
    UnclosedLongText = "E0006", "unclosed-long-text";
    /// A control character.
    BadCharacter = "E0007", "control-character";
    /// A character that nobody can see, or that turns the text around.
    HiddenCharacter = "E0008", "hidden-character";
    /// A name of letters that look alike and are not the same.
    MixedScripts = "W0009", "mixed-scripts";
    /// A spelling of another language.
    ForeignSpelling = "E0010", "foreign-spelling";
    /// A line at the level of the file that begins no declaration.
    NoDeclaration = "E0011", "not-a-declaration";
    /// A line in a block that may not stand there.
    NoSuchLine = "E0012", "not-a-line-here";
    /// Something that must be there and is not.
    MissingPart = "E0013", "missing-part";
    /// Something that does not belong there.
    Unexpected = "E0014", "does-not-belong-here";
    /// A reserved word as a name.
    ReservedWord = "E0015", "reserved-word";
    /// A day or a clock time that does not exist.
    NoSuchTime = "E0016", "no-such-time";
    /// A number with more digits than an exact decimal holds, or with letters in it.
    BadNumber = "E0017", "bad-number";
    /// `\q` in a text.
    UnknownEscape = "E0018", "unknown-escape";
    /// A block in braces that must be there and is not.
    MissingBlock = "E0019", "missing-block";
    /// A bracket that is never closed.
    UnclosedBracket = "E0020", "unclosed-bracket";
    /// Two commas, or none where one must be.
    Commas = "E0021", "commas";
    /// A wait that does not say what happens when nothing comes.
    MissingOtherwise = "E0022", "missing-otherwise";
}

/// The file is larger than [`super::FILE_BYTES_MAX`].
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the file is too large: {bytes} bytes, and {max} are allowed")]
#[diagnostic(help("split it into several `.journey` files; the order of declarations never matters"))]
pub struct FileTooLarge {
    pub bytes: usize,
    pub max: usize,
    #[label(primary)]
    pub place: Place,
}

impl Problem for FileTooLarge {
    const CODE: Code = Code::new("E0652", "oversized-file");

    fn place(&self) -> Place {
        self.place
    }
}
