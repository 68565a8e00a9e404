//! How fast a message becomes text, beside the `liquid` crate on the same templates and values; ours with its budgets on.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use criterion::{Criterion, criterion_group, criterion_main};
use onward::template::data::Value;
use onward::template::untyped::{self, Options};
use serde_json::json;
use std::hint::black_box;

/// A greeting, as most messages are.
const SHORT: &str =
    "Hello {{ customer.first_name | default: 'there' }}, your order {{ order.number }} of {{ order.total }} THB is on its way.";

/// A mail with a list, choices and filters.
const MAIL: &str = "{% if customer.points > 100 %}Dear {{ customer.plan | capitalize }} customer{% elsif customer.first_name %}Dear {{ customer.first_name }}{% else %}Hello{% endif %},

you have {{ customer.points | plus: 50 }} points. In your cart:
{% for item in order.items %}
{{ forloop.index }}. {{ item.name | upcase | truncate: 24 }} × {{ item.count }} = {{ item.price | times: item.count }}{% unless forloop.last %},{% endunless %}{% if item.note != blank %} ({{ item.note | strip | escape }}){% endif %}
{% endfor %}
{% assign names = order.items | map: 'name' | join: ', ' %}All: {{ names | downcase }}
{% case customer.plan %}{% when 'free' %}Try gold.{% when 'gold', 'silver' %}Thank you for staying.{% endcase %}
";

fn data() -> serde_json::Value {
    let items: Vec<serde_json::Value> = (1..=12)
        .map(|at| json!({"name": format!("Coffee beans number {at}"), "count": at % 4 + 1, "price": 120 + at, "note": if at % 3 == 0 { " freshly <roasted> " } else { "" }}))
        .collect();
    json!({
        "customer": {"first_name": "Nok", "points": 120, "plan": "gold", "email": "nok@example.com", "city": "Bangkok"},
        "order": {"number": "A-1290", "total": 1290, "items": items},
    })
}

/// The same values for the other crate: its own reading of JSON takes a number of any precision for a record.
fn theirs(json: &serde_json::Value) -> liquid::model::Value {
    use liquid::model::Value;
    match json {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(truth) => Value::scalar(*truth),
        serde_json::Value::Number(number) => Value::scalar(number.as_i64().unwrap()),
        serde_json::Value::String(text) => Value::scalar(text.clone()),
        serde_json::Value::Array(items) => Value::Array(items.iter().map(theirs).collect()),
        serde_json::Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone().into(), theirs(value))).collect())
        }
    }
}

fn render(criterion: &mut Criterion) {
    let data = data();
    let options = Options::default();
    let ours = Value::from(&data);
    let liquid::model::Value::Object(theirs) = theirs(&data) else { panic!("the values have names") };
    let parser = liquid::ParserBuilder::with_stdlib().build().unwrap();
    for (name, text) in [("short", SHORT), ("mail", MAIL)] {
        let prepared = untyped::prepare(text, &options).unwrap();
        let template = parser.parse(text).unwrap();
        assert_eq!(prepared.render(&ours, &options).unwrap(), template.render(&theirs).unwrap());
        let mut group = criterion.benchmark_group(name);
        group.sample_size(20);
        group.bench_function("onward", |bencher| bencher.iter(|| prepared.render(black_box(&ours), &options).unwrap()));
        group.bench_function("liquid", |bencher| bencher.iter(|| template.render(black_box(&theirs)).unwrap()));
        group.finish();
    }
}

criterion_group!(benches, render);
criterion_main!(benches);
