//! How fast a file is laid out, with its proof: a page, ten thousand lines that are in the layout already, and as many that are not.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use onward::format::format_text;
use std::hint::black_box;

/// What people write, over and over, cut at a whole page.
fn lines(count: usize) -> String {
    let page = std::fs::read_to_string("journeys/shop/members.journey").unwrap();
    page.repeat(count.div_ceil(page.lines().count()))
}

fn format(criterion: &mut Criterion) {
    let page = lines(1);
    let large = lines(10_000);
    let flat: String = large.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    for (name, text) in [("page, on save", &page), ("10,000 lines, on save", &large), ("10,000 lines without any layout", &flat)] {
        let mut group = criterion.benchmark_group("format");
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
        group.bench_function(name, |bencher| bencher.iter(|| format_text(black_box(text)).unwrap()));
        group.finish();
    }
}

criterion_group!(benches, format);
criterion_main!(benches);
