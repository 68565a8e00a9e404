//! How fast a file becomes a tree, its findings and its shape: one page, and a file of a megabyte.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use onward::source::FileId;
use onward::{ast, syntax};
use std::hint::black_box;

fn parse(criterion: &mut Criterion) {
    let page = std::fs::read_to_string("tests/it/syntax/whole_project.journey").unwrap();
    let large = page.repeat((1 << 20) / page.len());
    for (name, text) in [("page", &page), ("megabyte", &large)] {
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(10);
        group.bench_function("tree", |bencher| bencher.iter(|| syntax::parse(FileId(0), black_box(text))));
        let tree = syntax::parse(FileId(0), text);
        group.bench_function("errors", |bencher| bencher.iter(|| syntax::errors(black_box(&tree), text)));
        group.bench_function("lower", |bencher| bencher.iter(|| ast::lower(FileId(0), black_box(&tree), text)));
        group.finish();
    }
}

criterion_group!(benches, parse);
criterion_main!(benches);
