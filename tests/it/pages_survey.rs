//! Survey pages: every type of question, answers that fit and answers that do not.

use super::pages_fake::{House, NASTY, NOK, ask, run, well_made};
use onward::Project;
use onward::calendar::Instant;
use onward::daemon::Said;
use onward::daemon::pages::survey::asked;
use onward::daemon::tokens::Sealed;
use onward::value::{Decimal, Type, Value};

fn token(house: &House) -> String {
    house.seal(Sealed::Survey { customer: NOK, message: "m-1".into(), survey: "nps".into() })
}

fn number(text: &str) -> Value {
    Value::Number(text.parse::<Decimal>().unwrap())
}

#[test]
fn answers_arrive_as_values_of_their_types() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let token = token(&house);
        let page = ask(&pages, &format!("GET /s/{token}")).await;
        well_made(&page.body);
        assert_eq!(page.body.matches("type=\"radio\" name=\"q-score\"").count(), 11);
        assert!(house.told().is_empty());

        let form = "q-score=9&q-why=+%E0%B9%80%E0%B8%A3%E0%B9%87%E0%B8%A7%0D%0A%E0%B8%94%E0%B8%B5+&q-again=no&q-colour=&q-colours=blue&q-colours=red&q-paid=%E0%B9%95%E0%B9%90.%E0%B9%95\
                    &q-day=2026-11-24&q-at=2026-11-24T22:00&q-mail=Nok%40example.com&q-age=&q-unknown=1";
        let answer = ask(&pages, &format!("POST /s/{token}\n\n{form}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.contains("Thank you"));
        let told = house.told();
        let [(NOK, Said::Answer { survey, message, answers })] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((survey.as_str(), message.as_str()), ("nps", "m-1"));
        let at = Instant(1_795_532_400_000);
        let expected = [
            ("score", number("9")),
            ("why", Value::text("เร็ว\r\nดี")),
            ("again", Value::Boolean(false)),
            ("colours", Value::List([Value::text("blue"), Value::text("red")].into())),
            ("paid", number("50.5")),
            ("day", Value::Date("2026-11-24".parse().unwrap())),
            // 22:00 in the zone of the project.
            ("at", Value::Instant(at)),
            ("mail", Value::text("nok@example.com")),
        ];
        assert_eq!(*answers, expected.map(|(name, value)| (name.to_owned(), value)));
    });
}

#[test]
fn what_does_not_fit_is_told_to_nobody_and_nothing_typed_is_lost() {
    run(async {
        let house = House::new();
        let pages = house.pages();
        let token = token(&house);
        let long = "a".repeat(5_001);
        for (form, marks) in [
            ("", 2),
            ("q-score=11&q-again=yes", 1),
            ("q-score=-1&q-again=yes", 1),
            ("q-score=many&q-again=maybe", 2),
            ("q-score=3&q-again=yes&q-age=121", 1),
            ("q-score=3&q-again=yes&q-colour=green", 1),
            ("q-score=3&q-again=yes&q-colours=red&q-colours=green", 1),
            ("q-score=3&q-again=yes&q-day=yesterday&q-mail=nobody&q-paid=5+USD", 3),
            (&format!("q-score=3&q-again=yes&q-why={long}"), 1),
        ] {
            let how = format!("POST /s/{token}\ncontent-type: application/x-www-form-urlencoded\n\n{form}");
            let answer = ask(&pages, &how).await;
            assert_eq!(answer.status, 422, "{form}");
            well_made(&answer.body);
            assert_eq!(answer.body.matches("aria-invalid=\"true\"").count(), marks, "{form}");
        }
        let kept = ask(&pages, &format!("POST /s/{token}\n\nq-again=no&q-why=%3C%2Ftextarea%3E%3Cscript%3E&q-mail=x%22+onfocus%3D")).await;
        well_made(&kept.body);
        assert!(kept.body.contains("&#60;/textarea&#62;&#60;script&#62;") && kept.body.contains("x&#34; onfocus="), "{}", kept.body);
        assert!(kept.body.contains("value=\"no\" checked"));
        assert!(house.told().is_empty());
        let foreign = ask(&pages, &format!("POST /s/{token}\nsec-fetch-site: cross-site\n\nq-score=1&q-again=yes")).await;
        assert_eq!((foreign.status.as_u16(), house.told().len()), (403, 0));
        let other = house.seal(Sealed::Survey { customer: NOK, message: "m".into(), survey: NASTY.into() });
        for bad in ["x", &other, &house.leave_token()] {
            assert_eq!(ask(&pages, &format!("GET /s/{bad}")).await.status, 404);
            assert_eq!(ask(&pages, &format!("POST /s/{bad}\n\nq-score=1")).await.status, 404);
        }
    });
}

#[test]
fn a_survey_of_a_project_is_asked_as_it_is_declared() {
    let text = "customer {\n  email email?\n}\nevent e { x text }\ntopic news \"News\" opt out\n\
                survey nps \"How we do\" {\n  score \"How likely?\" from 0 to 10\n  เหตุผล \"Why?\" text?\n}\n\
                message ask about news {\n  email {\n    subject \"s\"\n    text \"t\"\n  }\n  survey nps\n}\n\
                journey j {\n  enter on e\n  enter again never\n  goal e within 7 days of entry\n  send ask by email\n}\n";
    let (compiled, found) = onward::check_project(Project::from_texts([("a.journey", text)]));
    let plan = compiled.plan.unwrap_or_else(|| panic!("{:?}", found.into_sorted()));
    let survey = asked(&plan.schema, "nps").unwrap();
    assert_eq!(survey.title, "How we do");
    assert_eq!(survey.questions[0].range, Some((0.into(), 10.into())));
    assert_eq!((survey.questions[1].name.as_str(), &survey.questions[1].ty), ("เหตุผล", &Type::Text.optional()));
    assert_eq!(asked(&plan.schema, "other"), None);
}
