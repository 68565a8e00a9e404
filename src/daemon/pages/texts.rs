//! What our pages say, in the languages that they speak.
//!
//! In: a customer's language, else what her browser prefers. Out: [`Texts`]. **Invariant:** every text is there in every language, with the same
//! places to fill; what is filled in is escaped by the template that shows it. Knows no page.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

/// Languages in `Accept-Language` that are looked at.
const ASKED_MAX: usize = 16;

macro_rules! texts {
    ($($name:ident: $en:expr, $th:expr;)*) => {
        /// The texts of one language.
        #[derive(Debug, PartialEq)]
        pub struct Texts {
            /// Of the `lang` attribute.
            pub lang: &'static str,
            $(pub $name: &'static str,)*
        }

        pub static ENGLISH: Texts = Texts { lang: "en", $($name: $en,)* };
        pub static THAI: Texts = Texts { lang: "th", $($name: $th,)* };

        impl Texts {
            /// Every text with its name, for tests.
            pub fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

texts! {
    leave_title: "Unsubscribe from {topic}?", "ยกเลิกรับ {topic}?";
    leave_lead: "You will get no more messages about {topic}.", "คุณจะไม่ได้รับข้อความเกี่ยวกับ {topic} อีก";
    leave_button: "Unsubscribe", "ยกเลิกการรับข้อความ";
    leave_rather: "Choose what you get instead", "เลือกเรื่องที่อยากรับแทน";
    left_title: "You are unsubscribed", "ยกเลิกเรียบร้อยแล้ว";
    left_lead: "You get no more messages about {topic}. This holds from now on.", "คุณจะไม่ได้รับข้อความเกี่ยวกับ {topic} อีก มีผลทันที";
    left_back: "A mistake? Change it here", "กดผิด? แก้ไขได้ที่นี่";
    already_lead: "You get no messages about {topic} already. There is nothing to do.", "คุณไม่ได้รับข้อความเกี่ยวกับ {topic} อยู่แล้ว ไม่ต้องทำอะไรเพิ่ม";
    prefs_title: "What you get from us", "ข้อความที่คุณรับจากเรา";
    prefs_saved: "Saved. This holds from now on.", "บันทึกแล้ว มีผลทันที";
    prefs_topics: "Topics", "หัวข้อ";
    prefs_topics_hint: "Tick what you want to hear about.", "ทำเครื่องหมายหน้าหัวข้อที่อยากรับ";
    prefs_channels: "How we reach you", "ช่องทางติดต่อ";
    prefs_channels_hint: "Nothing is sent on a channel that is not ticked.", "เราจะไม่ส่งข้อความทางช่องทางที่ไม่ได้ทำเครื่องหมาย";
    prefs_language: "Language", "ภาษา";
    prefs_save: "Save", "บันทึก";
    prefs_none_title: "Nothing at all?", "ไม่อยากรับอะไรเลย?";
    prefs_none_lead: "Leave every topic at once. Messages that you need, such as about an order, may still come.", "ยกเลิกทุกหัวข้อในครั้งเดียว ข้อความที่จำเป็น เช่น เรื่องคำสั่งซื้อ อาจยังส่งถึงคุณ";
    prefs_none_button: "Unsubscribe from everything", "ยกเลิกรับทั้งหมด";
    prefs_none_done: "You are unsubscribed from everything. This holds from now on.", "ยกเลิกรับทั้งหมดแล้ว มีผลทันที";
    prefs_nothing: "There is nothing to choose here.", "ไม่มีอะไรให้เลือกที่นี่";
    manual_title: "This link does not work", "ลิงก์นี้ใช้ไม่ได้";
    manual_lead: "It is incomplete or too old. Type your address here, and we send nothing more to it.", "ลิงก์ไม่สมบูรณ์หรือเก่าเกินไป พิมพ์อีเมลหรือเบอร์โทรของคุณที่นี่ แล้วเราจะไม่ส่งข้อความถึงคุณอีก";
    manual_own_title: "Stop our messages", "หยุดรับข้อความจากเรา";
    manual_own_lead: "Type your address here, and we send nothing more to it.", "พิมพ์อีเมลหรือเบอร์โทรของคุณที่นี่ แล้วเราจะไม่ส่งข้อความถึงคุณอีก";
    manual_field: "E-mail address, or phone number with country code", "อีเมล หรือเบอร์โทรพร้อมรหัสประเทศ";
    manual_button: "Send me nothing more", "ไม่ต้องส่งอะไรมาอีก";
    manual_wrong: "This is neither an e-mail address nor a phone number with its country code, such as +66 81 234 5678.", "นี่ไม่ใช่อีเมลหรือเบอร์โทรที่มีรหัสประเทศ เช่น +66 81 234 5678";
    manual_done_title: "Noted", "รับทราบแล้ว";
    manual_done_lead: "If we know this address, it gets nothing more from us.", "หากเรามีที่อยู่นี้ เราจะไม่ส่งข้อความไปอีก";
    confirm_title: "Subscribe to {topic}?", "สมัครรับ {topic}?";
    confirm_lead: "Somebody asked for {topic} with your address. Confirm that it was you.", "มีคนขอรับ {topic} ด้วยที่อยู่ของคุณ กรุณายืนยันว่าเป็นคุณ";
    confirm_button: "Yes, subscribe me", "ใช่ สมัครรับ";
    confirm_not: "It was not you? Then close this page: without your confirmation nothing is sent.", "ไม่ใช่คุณ? ปิดหน้านี้ได้เลย เราจะไม่ส่งอะไรหากคุณไม่ยืนยัน";
    confirmed_title: "You are subscribed", "สมัครเรียบร้อยแล้ว";
    confirmed_lead: "You get messages about {topic} from now on. Every one of them has a link to leave.", "คุณจะได้รับข้อความเกี่ยวกับ {topic} ทุกข้อความมีลิงก์ให้ยกเลิก";
    gone_title: "This page is not here", "ไม่พบหน้านี้";
    gone_lead: "The link is incomplete, or what it led to is no longer kept.", "ลิงก์ไม่สมบูรณ์ หรือสิ่งที่ลิงก์ชี้ไปไม่ได้เก็บไว้แล้ว";
    busy_title: "One moment, please", "โปรดรอสักครู่";
    busy_lead: "Nothing was changed: we could not save it just now. Please try again in a minute.", "ยังไม่มีอะไรเปลี่ยนแปลง ตอนนี้เราบันทึกไม่ได้ กรุณาลองใหม่ในอีกหนึ่งนาที";
    elsewhere_title: "Please do this on our page", "กรุณาทำบนหน้าของเรา";
    elsewhere_lead: "The request came from another site, so nothing was changed. Open the link in our message again.", "คำขอนี้มาจากเว็บไซต์อื่น จึงไม่มีอะไรเปลี่ยนแปลง กรุณาเปิดลิงก์ในข้อความของเราอีกครั้ง";
    survey_send: "Send", "ส่งคำตอบ";
    survey_optional: "may be left open", "เว้นว่างได้";
    survey_required: "Please answer this question.", "กรุณาตอบคำถามนี้";
    survey_range: "Please give a number from {from} to {to}.", "กรุณาตอบเป็นตัวเลขตั้งแต่ {from} ถึง {to}";
    survey_wrong: "This answer cannot be read. Please write it in another way.", "อ่านคำตอบนี้ไม่ได้ กรุณาเขียนใหม่";
    survey_long: "This answer is too long.", "คำตอบนี้ยาวเกินไป";
    survey_errors: "Not sent yet: look at the questions that are marked.", "ยังไม่ได้ส่ง กรุณาดูคำถามที่มีเครื่องหมาย";
    survey_thanks_title: "Thank you", "ขอบคุณ";
    survey_thanks_lead: "Your answers have arrived.", "เราได้รับคำตอบของคุณแล้ว";
    survey_link: "Answer: {title}", "ตอบคำถาม: {title}";
    yes: "Yes", "ใช่";
    no: "No", "ไม่ใช่";
    view_message: "The message", "ข้อความ";
    channel_email: "E-mail", "อีเมล";
    channel_sms: "SMS", "ข้อความ SMS";
    channel_push: "Notifications of our app", "การแจ้งเตือนจากแอป";
    channel_line: "LINE", "ไลน์";
    channel_web: "On our website", "บนเว็บไซต์ของเรา";
    channel_inbox: "Inbox of our app", "กล่องข้อความในแอป";
    footer: "This page uses no cookies.", "หน้านี้ไม่ใช้คุกกี้";
}

/// A text with its places filled: `{topic}` by what stands at `topic`. What is filled in is not looked at again.
pub fn fill(text: &str, with: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len() + 32);
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        match behind.split_once('}') {
            Some((name, after)) => {
                filled.push_str(with.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value));
                rest = after;
            }
            None => rest = behind,
        }
    }
    filled.push_str(rest);
    filled
}

/// By her language; where it is none of ours, by what her browser asks for; English at last.
pub fn spoken(customer: Option<&str>, headers: &HeaderMap) -> &'static Texts {
    if let Some(texts) = customer.and_then(by_tag) {
        return texts;
    }
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut best: Option<(f32, &'static Texts)> = None;
    for one in asked.split(',').take(ASKED_MAX) {
        let (tag, weight) = one.split_once(';').unwrap_or((one, ""));
        let weight = weight.trim().strip_prefix("q=").map_or(Some(1.0), |weight| weight.parse::<f32>().ok()).unwrap_or(0.0);
        if let Some(texts) = by_tag(tag.trim())
            && weight > best.map_or(0.0, |(best, _)| best)
        {
            best = Some((weight, texts));
        }
    }
    best.map_or(&ENGLISH, |(_, texts)| texts)
}

/// By the language of a message; English where it is none of ours.
pub fn of(language: &str) -> &'static Texts {
    by_tag(language).unwrap_or(&ENGLISH)
}

/// `th`, `th-TH`, `TH_th`: the country does not matter.
fn by_tag(tag: &str) -> Option<&'static Texts> {
    let language = tag.split(['-', '_']).next().unwrap_or_default();
    [&ENGLISH, &THAI].into_iter().find(|texts| texts.lang.eq_ignore_ascii_case(language))
}

/// A channel for people: its title where the project gives one, else ours for a name that everybody uses.
pub fn channel<'a>(t: &Texts, name: &str, title: &'a str) -> &'a str
where
    'static: 'a,
{
    match name {
        _ if name != title => title,
        "email" => t.channel_email,
        "sms" => t.channel_sms,
        "push" => t.channel_push,
        "line" => t.channel_line,
        "whatsapp" => "WhatsApp",
        "web" => t.channel_web,
        "inbox" => t.channel_inbox,
        _ => title,
    }
}

/// A language in its own words: `ไทย`; its code where we do not know it.
pub fn own_name(code: &str) -> &str {
    const NAMES: [(&str, &str); 24] = [
        ("ar", "العربية"),
        ("cs", "Čeština"),
        ("da", "Dansk"),
        ("de", "Deutsch"),
        ("en", "English"),
        ("es", "Español"),
        ("fi", "Suomi"),
        ("fr", "Français"),
        ("hi", "हिन्दी"),
        ("id", "Bahasa Indonesia"),
        ("it", "Italiano"),
        ("ja", "日本語"),
        ("km", "ខ្មែរ"),
        ("ko", "한국어"),
        ("lo", "ລາວ"),
        ("ms", "Bahasa Melayu"),
        ("my", "မြန်မာ"),
        ("nl", "Nederlands"),
        ("pl", "Polski"),
        ("pt", "Português"),
        ("sv", "Svenska"),
        ("th", "ไทย"),
        ("vi", "Tiếng Việt"),
        ("zh", "中文"),
    ];
    let language = code.split(['-', '_']).next().unwrap_or(code);
    NAMES.iter().find(|(known, _)| *known == language).map_or(code, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<&str> {
        let mut places: Vec<&str> = text.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect();
        places.sort_unstable();
        places
    }

    #[test]
    fn no_text_is_missing_and_all_have_the_same_places() {
        for ((name, english), (_, thai)) in ENGLISH.all().into_iter().zip(THAI.all()) {
            assert!(!english.trim().is_empty() && !thai.trim().is_empty(), "{name}");
            assert_eq!(places(english), places(thai), "{name}");
            assert!(thai.chars().any(|letter| ('\u{e00}'..='\u{e7f}').contains(&letter)), "{name} is not Thai: {thai}");
            assert!(!english.chars().any(|letter| ('\u{e00}'..='\u{e7f}').contains(&letter)), "{name}");
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("a {x} b {y}{x}", &[("x", "{y}"), ("y", "1")]), "a {y} b 1{y}");
        assert_eq!(fill("{none} and {open", &[]), " and open");
    }

    #[test]
    fn her_language_wins_over_the_browsers() {
        let asks = |value: &str| HeaderMap::from_iter([(ACCEPT_LANGUAGE, value.parse().unwrap())]);
        for (customer, header, lang) in [
            (None, "", "en"),
            (None, "th-TH,th;q=0.9,en;q=0.8", "th"),
            (None, "en;q=0.5, th;q=0.6", "th"),
            (None, "de, th;q=0", "en"),
            (None, "fr;q=nonsense, th;q=0.1", "th"),
            (Some("en-GB"), "th", "en"),
            (Some("th"), "en", "th"),
            (Some("de"), "th", "th"),
        ] {
            assert_eq!(spoken(customer, &asks(header)).lang, lang, "{customer:?} {header}");
        }
    }
}
