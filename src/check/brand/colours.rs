//! Colours in HTML and MJML.
//!
//! In: a text with its templates blanked out. Out: each colour with its place and in one form, so that `#FFF`, `white` and
//! `rgb(255, 255, 255)` are the same. **Invariant:** looked for only where a colour is said: in attributes and properties that are about
//! colours, borders, backgrounds and shadows. A value of which a part is filled in is not judged, and neither is one that names no colour of
//! its own (`transparent`, `inherit`, `hsl(…)`).

use std::ops::Range;

/// The names of CSS (Color Module Level 4, 6.1), with what they are.
const NAMED: &str = "aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff beige f5f5dc bisque ffe4c4 black 000000 \
blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a burlywood deb887 cadetblue 5f9ea0 chartreuse 7fff00 chocolate d2691e \
coral ff7f50 cornflowerblue 6495ed cornsilk fff8dc crimson dc143c cyan 00ffff darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b \
darkgray a9a9a9 darkgreen 006400 darkgrey a9a9a9 darkkhaki bdb76b darkmagenta 8b008b darkolivegreen 556b2f darkorange ff8c00 darkorchid \
9932cc darkred 8b0000 darksalmon e9967a darkseagreen 8fbc8f darkslateblue 483d8b darkslategray 2f4f4f darkslategrey 2f4f4f darkturquoise \
00ced1 darkviolet 9400d3 deeppink ff1493 deepskyblue 00bfff dimgray 696969 dimgrey 696969 dodgerblue 1e90ff firebrick b22222 floralwhite \
fffaf0 forestgreen 228b22 fuchsia ff00ff gainsboro dcdcdc ghostwhite f8f8ff gold ffd700 goldenrod daa520 gray 808080 green 008000 \
greenyellow adff2f grey 808080 honeydew f0fff0 hotpink ff69b4 indianred cd5c5c indigo 4b0082 ivory fffff0 khaki f0e68c lavender e6e6fa \
lavenderblush fff0f5 lawngreen 7cfc00 lemonchiffon fffacd lightblue add8e6 lightcoral f08080 lightcyan e0ffff lightgoldenrodyellow fafad2 \
lightgray d3d3d3 lightgreen 90ee90 lightgrey d3d3d3 lightpink ffb6c1 lightsalmon ffa07a lightseagreen 20b2aa lightskyblue 87cefa \
lightslategray 778899 lightslategrey 778899 lightsteelblue b0c4de lightyellow ffffe0 lime 00ff00 limegreen 32cd32 linen faf0e6 magenta \
ff00ff maroon 800000 mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3 mediumpurple 9370db mediumseagreen 3cb371 \
mediumslateblue 7b68ee mediumspringgreen 00fa9a mediumturquoise 48d1cc mediumvioletred c71585 midnightblue 191970 mintcream f5fffa \
mistyrose ffe4e1 moccasin ffe4b5 navajowhite ffdead navy 000080 oldlace fdf5e6 olive 808000 olivedrab 6b8e23 orange ffa500 orangered \
ff4500 orchid da70d6 palegoldenrod eee8aa palegreen 98fb98 paleturquoise afeeee palevioletred db7093 papayawhip ffefd5 peachpuff ffdab9 \
peru cd853f pink ffc0cb plum dda0dd powderblue b0e0e6 purple 800080 rebeccapurple 663399 red ff0000 rosybrown bc8f8f royalblue 4169e1 \
saddlebrown 8b4513 salmon fa8072 sandybrown f4a460 seagreen 2e8b57 seashell fff5ee sienna a0522d silver c0c0c0 skyblue 87ceeb slateblue \
6a5acd slategray 708090 slategrey 708090 snow fffafa springgreen 00ff7f steelblue 4682b4 tan d2b48c teal 008080 thistle d8bfd8 tomato \
ff6347 turquoise 40e0d0 violet ee82ee wheat f5deb3 white ffffff whitesmoke f5f5f5 yellow ffff00 yellowgreen 9acd32";

/// A colour as `rrggbb` or, where it lets something through, `rrggbbaa`.
pub(super) fn key(written: &str) -> Option<String> {
    let small = written.trim().to_lowercase();
    if let Some(hex) = small.strip_prefix('#') {
        return of_hex(hex);
    }
    if let Some(inside) = small.strip_suffix(')').and_then(|rest| rest.strip_prefix("rgba(").or_else(|| rest.strip_prefix("rgb("))) {
        return of_numbers(inside);
    }
    let mut words = NAMED.split_ascii_whitespace();
    while let (Some(name), Some(hex)) = (words.next(), words.next()) {
        if name == small {
            return Some(hex.to_owned());
        }
    }
    None
}

fn of_hex(hex: &str) -> Option<String> {
    if !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let whole = match hex.len() {
        3 | 4 => hex.chars().flat_map(|digit| [digit, digit]).collect(),
        6 | 8 => hex.to_owned(),
        _ => return None,
    };
    Some(whole.strip_suffix("ff").filter(|_| whole.len() == 8).map_or_else(|| whole.clone(), str::to_owned))
}

/// `0, 170, 85` and `0 170 85 / 0.5`
fn of_numbers(inside: &str) -> Option<String> {
    let parts: Vec<&str> = inside.split([',', '/', ' ']).filter(|part| !part.is_empty()).collect();
    let (colour, alpha) = match parts.as_slice() {
        [r, g, b] => ([r, g, b], None),
        [r, g, b, a] => ([r, g, b], Some(a)),
        _ => return None,
    };
    let mut hex = String::new();
    for part in colour {
        hex.push_str(&format!("{:02x}", part.parse::<u8>().ok()?));
    }
    if let Some(alpha) = alpha {
        let alpha: f32 = alpha.parse().ok().filter(|alpha| (0.0..=1.0).contains(alpha))?;
        hex.push_str(&format!("{:02x}", (alpha * 255.0).round() as u8));
    }
    of_hex(&hex)
}

/// An attribute or a property that says a colour, alone or among other things.
fn is_about_colour(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let starts = ["border", "outline", "background"];
    name.ends_with("color")
        || ["fill", "stroke", "box-shadow", "text-shadow"].contains(&name.as_str())
        || starts.iter().any(|start| name.starts_with(start)) && !name.contains("url")
}

/// Every colour of a text, ascending.
pub(super) fn all(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(open) = text[at..].find('<').map(|open| at + open) {
        let rest = &text[open..];
        if rest.starts_with("<!--") {
            at = rest.find("-->").map_or(text.len(), |end| open + end + 3);
            continue;
        }
        let end = tag_end(text, open);
        let name = rest[1..].split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap_or_default().to_ascii_lowercase();
        attributes(text, open + 1 + name.len()..end, &mut found);
        at = end.max(open + 1);
        if matches!(name.as_str(), "style" | "mj-style") && !text[..end].ends_with("/>") {
            let close = text[at..].find("</").map_or(text.len(), |close| at + close);
            sheet(text, at..close, &mut found);
            at = close;
        }
    }
    found
}

/// Behind the `>` of a tag; one between quotes does not end it.
fn tag_end(text: &str, open: usize) -> usize {
    let mut quote = None;
    for (at, c) in text[open..].char_indices() {
        match (quote, c) {
            (Some(mark), c) if c == mark => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => return open + at + 1,
            (None, _) => {}
        }
    }
    text.len()
}

fn attributes(text: &str, tag: Range<usize>, found: &mut Vec<(Range<usize>, String)>) {
    let mut at = tag.start;
    while let Some(equals) = text[at..tag.end].find('=').map(|equals| at + equals) {
        let name = text[at..equals].trim_end();
        let name = name.rsplit(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let behind = &text[equals + 1..tag.end];
        let value = equals + 1 + (behind.len() - behind.trim_start().len());
        let (value, next) = match text[value..tag.end].chars().next() {
            Some(mark @ ('"' | '\'')) => {
                let close = text[value + 1..tag.end].find(mark).map_or(tag.end, |close| value + 1 + close);
                (value + 1..close, (close + 1).min(tag.end))
            }
            _ => {
                let close = text[value..tag.end].find(|c: char| c.is_whitespace() || c == '>').map_or(tag.end, |close| value + close);
                (value..close, close)
            }
        };
        if name.eq_ignore_ascii_case("style") {
            declarations(text, value, found);
        } else if is_about_colour(name) {
            colours_in(text, value, found);
        }
        at = next;
    }
}

/// `h1 { color: red } …`
fn sheet(text: &str, range: Range<usize>, found: &mut Vec<(Range<usize>, String)>) {
    let mut at = range.start;
    while let Some(open) = text[at..range.end].find('{').map(|open| at + open) {
        let close = text[open..range.end].find('}').map_or(range.end, |close| open + close);
        // `@media … { h1 { … } }`: the inner one.
        let inner = text[open + 1..close].rfind('{').map_or(open + 1, |inner| open + 2 + inner);
        declarations(text, inner..close, found);
        at = (close + 1).min(range.end);
    }
}

/// `color: red; border: 1px solid #ccc`
fn declarations(text: &str, range: Range<usize>, found: &mut Vec<(Range<usize>, String)>) {
    let mut at = range.start;
    for declaration in text[range].split(';') {
        if let Some((property, value)) = declaration.split_once(':')
            && is_about_colour(property.trim())
        {
            let start = at + property.len() + 1;
            colours_in(text, start..start + value.len(), found);
        }
        at += declaration.len() + 1;
    }
}

/// The words of a value that are colours. What stands in `url(…)` is none.
fn colours_in(text: &str, range: Range<usize>, found: &mut Vec<(Range<usize>, String)>) {
    let value = &text[range.clone()];
    let mut at = 0;
    while at < value.len() {
        let rest = &value[at..];
        let skip = rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',').len();
        if skip > 0 {
            at += skip;
            continue;
        }
        let open = rest.find('(');
        let word = rest.find(|c: char| c.is_whitespace() || c == ',').unwrap_or(rest.len());
        let end = match open {
            Some(open) if open < word => rest.find(')').map_or(rest.len(), |close| close + 1),
            _ => word,
        };
        if let Some(key) = key(&rest[..end]) {
            let start = range.start + at;
            found.push((start..start + end, key));
        }
        at += end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<String> {
        all(text).into_iter().map(|(at, key)| format!("{} {key}", &text[at])).collect()
    }

    #[test]
    fn the_same_colour_has_one_form() {
        for white in ["#fff", "#FFFFFF", "white", "rgb(255, 255, 255)", "rgba(255,255,255,1)", "#ffff", "#ffffffff"] {
            assert_eq!(key(white).as_deref(), Some("ffffff"), "{white}");
        }
        assert_eq!(key("rgba(0, 0, 0, 0.5)").as_deref(), Some("00000080"));
        for none in ["#12", "#ggg", "transparent", "reddish", "rgb(1, 2)", "rgb(300, 0, 0)", ""] {
            assert_eq!(key(none), None, "{none}");
        }
    }

    #[test]
    fn colours_are_found_where_they_are_said_and_nowhere_else() {
        let mail = r##"<mjml><mj-head><mj-style> .a, .b { COLOR: red; margin: 0 } @media (max-width: 1px) { h1 { border: 1px solid #CCC } }
</mj-style></mj-head><mj-section background-color="#0A5" border='2px dashed navy' background-url="https://x.example/red.png">
<a href="#top" style="color:#123456;font-family:black;background:url(red.png) white">red #fff</a><!-- <b color="tan"> -->
<td bgcolor=green width="3"><font color="#{% if x %}fff{% endif %}">"##;
        let expected = ["red ff0000", "#CCC cccccc", "#0A5 00aa55", "navy 000080", "#123456 123456", "white ffffff", "green 008000"];
        assert_eq!(written(mail), expected);
        assert_eq!(written("<a style=\"color: ครีม; color: \u{1}\u{1}\"> <"), [""; 0]);
    }
}
