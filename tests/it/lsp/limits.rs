//! What is too large is refused, and just below is not.

use onward::lsp::stdio::{MESSAGE_BYTES_MAX, read, write};
use std::io::{BufReader, Cursor};

#[test]
fn a_message_may_be_large_and_not_larger() {
    let body = format!("{{\"jsonrpc\":\"2.0\",\"method\":\"x\",\"params\":{{\"n\":1.50,\"text\":\"{}\"}}}}", "ก".repeat(100_000));
    let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    let message = read(&mut BufReader::new(Cursor::new(frame))).unwrap().unwrap();
    let mut out = Vec::new();
    write(&mut out, &message).unwrap();
    let again = read(&mut BufReader::new(Cursor::new(out))).unwrap().unwrap();
    assert_eq!(format!("{message:?}"), format!("{again:?}"));
    let frame = format!("Content-Length: {}\r\n\r\n", MESSAGE_BYTES_MAX + 1);
    assert_eq!(read(&mut BufReader::new(Cursor::new(frame))).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    // A body that is no message: the next one is read.
    let frames = "Content-Length: 1\r\n\r\nxContent-Length: 31\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"y\"}\n";
    let mut input = BufReader::new(Cursor::new(frames));
    assert_eq!(read(&mut input).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    assert!(read(&mut input).unwrap().is_some());
    assert!(read(&mut input).unwrap().is_none());
}
