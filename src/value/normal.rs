//! Normal forms of texts that mean the same in several spellings: e-mail addresses, phone numbers, web addresses, codes.
//!
//! In: text as people and systems write it. Out: the one form that is compared, suppressed and sent to, or a reason in words.
//! **Invariant:** a normal form is its own normal form; what is refused could not be sent to. Asks no network: a valid form may still
//! reach nobody.

use super::Text;
use crate::calendar::Zone;
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// What is wrong, as the rest of a sentence after the text itself.
pub type Reason = &'static str;

/// RFC 5321, 4.5.3.1.
const EMAIL_MAX: usize = 254;
const LOCAL_PART_MAX: usize = 64;
const LABEL_MAX: usize = 63;
/// What browsers and mail programs still follow.
const URL_MAX: usize = 2_048;
/// E.164.
const PHONE_DIGITS_MAX: usize = 15;
const PHONE_DIGITS_MIN: usize = 8;

/// An e-mail address, lower-case and NFC; the domain of another script stays in it.
pub fn email(text: &str) -> Result<Text, Reason> {
    let text = text.trim();
    if is_plain_email(text) {
        return Ok(Text::new(text));
    }
    if text.len() > EMAIL_MAX {
        return Err("an address has at most 254 characters");
    }
    let Some((local, domain)) = text.split_once('@') else { return Err("write name@example.com") };
    if domain.contains('@') {
        return Err("an address has exactly one @");
    }
    if local.starts_with('"') {
        return Err("names in quotes are not taken");
    }
    if domain.starts_with('[') {
        return Err("the part after @ is a domain, not an IP address");
    }
    if local.is_empty() || local.len() > LOCAL_PART_MAX {
        return Err("the part before @ has 1 to 64 characters");
    }
    if local.starts_with('-') {
        return Err("an address does not begin with a hyphen");
    }
    let dots = local.starts_with('.') || local.ends_with('.') || local.contains("..");
    let fits = |c: char| is_word(c) || c.is_ascii_punctuation() && !"\"(),:;<>@[\\]".contains(c);
    // Plain letters, digits and hyphens are what most have.
    if dots || !local.bytes().all(is_plain) && !local.chars().all(fits) {
        return Err("the part before @ has a character that cannot be there");
    }
    let domain = host(domain)?;
    let mut address = Text::with_capacity(text.len());
    address.push_str(&lower_nfc(local));
    address.push('@');
    address.push_str(&domain);
    Ok(address)
}

/// A domain with a dot, lower-case and NFC.
fn host(domain: &str) -> Result<Cow<'_, str>, Reason> {
    let domain = lower_nfc(domain);
    let Some((_, last)) = domain.rsplit_once('.') else { return Err("the domain has no dot, as in example.com") };
    for label in domain.split('.') {
        let shape = !label.is_empty() && label.len() <= LABEL_MAX && !label.starts_with('-') && !label.ends_with('-');
        if !shape || !label.bytes().all(is_plain) && !label.chars().all(|c| is_word(c) || c == '-') {
            return Err("the domain is not one, as example.com is");
        }
    }
    if last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the domain ends in a number; an IP address is not taken");
    }
    Ok(domain)
}

fn lower_nfc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        let is_lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        return if is_lower { Cow::Borrowed(text) } else { Cow::Owned(text.to_ascii_lowercase()) };
    }
    // NFC once more: lower-casing may take a character apart.
    Cow::Owned(text.nfc().flat_map(char::to_lowercase).nfc().collect())
}

/// An address as most are: short, of small Latin letters, digits and single marks between them. It is its own normal form.
fn is_plain_email(text: &str) -> bool {
    let (mut last, mut at, mut letter, mut dots) = (0, 0, false, 0);
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' => letter = true,
            b'0'..=b'9' => {}
            b'-' | b'.' | b'@' if !matches!(last, 0 | b'-' | b'.' | b'@') => {
                match byte {
                    b'@' if at > 0 => return false,
                    b'@' => (at, dots) = (place, 0),
                    b'.' => dots += 1,
                    _ => {}
                }
                letter = false;
            }
            _ => return false,
        }
        last = byte;
    }
    // A letter behind the last mark: the domain does not end in a number.
    at > 0 && dots > 0 && letter && text.len() <= LABEL_MAX
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Letters and digits of every script, with the marks that Thai and others write above and below them.
fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { c.is_alphanumeric() || is_combining_mark(c) }
}

/// How numbers are dialled in a country: calling code, the prefix that is left out from abroad, digits after it, countries (ISO 3166).
struct Dialling(u16, &'static str, std::ops::RangeInclusive<usize>, &'static [&'static str]);

const DIALLING: &[Dialling] = &[
    Dialling(1, "1", 10..=10, &["US", "CA"]),
    Dialling(31, "0", 9..=9, &["NL"]),
    Dialling(32, "0", 8..=9, &["BE"]),
    Dialling(33, "0", 9..=9, &["FR"]),
    Dialling(34, "", 9..=9, &["ES"]),
    Dialling(39, "", 6..=11, &["IT"]),
    Dialling(41, "0", 9..=9, &["CH"]),
    Dialling(43, "0", 4..=13, &["AT"]),
    Dialling(44, "0", 9..=10, &["GB"]),
    Dialling(45, "", 8..=8, &["DK"]),
    Dialling(46, "0", 7..=9, &["SE"]),
    Dialling(47, "", 8..=8, &["NO"]),
    Dialling(48, "", 9..=9, &["PL"]),
    Dialling(49, "0", 6..=13, &["DE"]),
    Dialling(52, "", 10..=10, &["MX"]),
    Dialling(55, "0", 10..=11, &["BR"]),
    Dialling(60, "0", 8..=10, &["MY"]),
    Dialling(61, "0", 9..=9, &["AU"]),
    Dialling(62, "0", 8..=12, &["ID"]),
    Dialling(63, "0", 8..=10, &["PH"]),
    Dialling(64, "0", 8..=10, &["NZ"]),
    Dialling(65, "", 8..=8, &["SG"]),
    Dialling(66, "0", 8..=9, &["TH"]),
    Dialling(81, "0", 9..=10, &["JP"]),
    Dialling(82, "0", 8..=10, &["KR"]),
    Dialling(84, "0", 9..=10, &["VN"]),
    Dialling(86, "0", 10..=11, &["CN"]),
    Dialling(91, "0", 10..=10, &["IN"]),
    Dialling(95, "0", 7..=10, &["MM"]),
    Dialling(852, "", 8..=8, &["HK"]),
    Dialling(855, "0", 8..=9, &["KH"]),
    Dialling(856, "0", 8..=10, &["LA"]),
    Dialling(886, "0", 8..=9, &["TW"]),
    Dialling(971, "0", 8..=9, &["AE"]),
];

/// The calling code of a country (`TH` is 66), where this version knows how its numbers are dialled.
pub fn calling_code(country: &str) -> Option<u16> {
    DIALLING.iter().find(|row| row.3.contains(&country)).map(|row| row.0)
}

/// A phone number in E.164 (`+66812345678`). `default_code` is the country of numbers that say none; see [`calling_code`].
pub fn phone(text: &str, default_code: Option<u16>) -> Result<Text, Reason> {
    let text = text.trim();
    let (international, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => text.strip_prefix("00").map_or((false, text), |rest| (true, rest)),
    };
    let mut digits = String::with_capacity(16);
    for c in rest.replace("(0)", "").chars() {
        match c {
            '0'..='9' => digits.push(c),
            // Thai digits.
            '๐'..='๙' => digits.push(char::from(b'0' + (c as u32 - '๐' as u32) as u8)),
            ' ' | '-' | '(' | ')' | '/' | '\u{a0}' | '\u{2010}'..='\u{2013}' => {}
            // `6.68E+10`: a spreadsheet has rounded the number, its end is lost.
            'e' | 'E' => return Err("it was cut by a spreadsheet; export the column as text"),
            '.' if !rest.contains(['e', 'E']) => {}
            _ => return Err("a phone number has digits, spaces, hyphens and parentheses only"),
        }
    }
    if international {
        let shortened = DIALLING.iter().find(|row| digits.starts_with(&row.0.to_string()));
        // `+66 081…` has the prefix of home calls in it, unless the number would be whole with it.
        if let Some(Dialling(code, trunk, lengths, _)) = shortened {
            let national = &digits[code.to_string().len()..];
            let home = national.strip_prefix(trunk).filter(|short| !trunk.is_empty() && lengths.contains(&short.len()));
            let national = if *trunk == "0" { home.unwrap_or(national) } else { national };
            return if lengths.contains(&national.len()) { Ok(Text::from(format!("+{code}{national}"))) } else { Err(WRONG_LENGTH) };
        }
        let fits = (PHONE_DIGITS_MIN..=PHONE_DIGITS_MAX).contains(&digits.len()) && !digits.starts_with('0');
        return if fits { Ok(Text::from(format!("+{digits}"))) } else { Err(WRONG_LENGTH) };
    }
    let Some(code) = default_code else { return Err("write it with its country, as +66 81 234 5678") };
    let known = DIALLING.iter().find(|row| row.0 == code);
    let Some(Dialling(code, trunk, lengths, _)) = known else { return Err("write it with its country, as +66 81 234 5678") };
    let without_trunk = digits.strip_prefix(trunk).filter(|short| !trunk.is_empty() && lengths.contains(&short.len()));
    let without_code = digits.strip_prefix(&code.to_string()).filter(|short| lengths.contains(&short.len()));
    let whole = Some(digits.as_str()).filter(|digits| lengths.contains(&digits.len()) && (trunk.is_empty() || !digits.starts_with(trunk)));
    match without_trunk.or(whole).or(without_code) {
        Some(national) => Ok(Text::from(format!("+{code}{national}"))),
        None => Err(WRONG_LENGTH),
    }
}

const WRONG_LENGTH: Reason = "no number of that country has this many digits";

/// ISO 3166-1 alpha-2.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD \
    CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP \
    GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU \
    LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN \
    PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW \
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// An ISO 3166 code of two capital letters.
pub fn country(text: &str) -> Result<Text, Reason> {
    let code = text.trim().to_ascii_uppercase();
    let known = code.len() == 2 && COUNTRIES.split_ascii_whitespace().any(|country| country == code);
    if known { Ok(Text::from(code)) } else { Err("write its ISO code of two letters, as TH") }
}

/// The primary language of a BCP 47 tag: `en-US` is `en`.
pub fn language(text: &str) -> Result<Text, Reason> {
    let text = text.trim();
    let mut parts = text.split(['-', '_']);
    let primary = parts.next().unwrap_or("");
    let rest = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_alphabetic()) && parts.all(rest) {
        return Ok(Text::from(primary.to_ascii_lowercase()));
    }
    Err("write its code, as th or en-US")
}

/// A web address of http or https, without a user's name; scheme and host in lower case, the rest as it is.
pub fn url(text: &str) -> Result<Text, Reason> {
    let text = text.trim();
    if text.len() > URL_MAX {
        return Err("a web address has at most 2048 characters");
    }
    let Some((scheme, rest)) = text.split_once("://") else { return Err("write it with https://") };
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Err("only http and https are taken");
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || "\\\"<>`{}|^".contains(c)) {
        return Err("a web address has no spaces and no quotes; they are written %20");
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.contains('@') {
        return Err("a user name in a web address is not taken");
    }
    let (name, port) = authority.split_once(':').map_or((authority, None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| port.parse::<u16>().is_err() || !port.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err("the part after the colon is not a port");
    }
    let name = host(name)?;
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    Ok(Text::from(format!("{scheme}://{name}{port}{path}")))
}

/// The exact name of a zone of the time zone database.
pub fn timezone(text: &str) -> Result<Text, Reason> {
    Zone::parse(text.trim()).map(|zone| Text::new(zone.name())).ok_or("write the name of a place, as Asia/Bangkok")
}
