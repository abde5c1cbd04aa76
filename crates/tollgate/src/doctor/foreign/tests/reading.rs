//! YAML and JSON as they are written by people.

use super::super::{tree, tree::Node, yaml};

fn map(entries: &[(&str, Node)]) -> Node {
    Node::Map(entries.iter().map(|(name, node)| ((*name).to_owned(), node.clone())).collect())
}

#[test]
fn yaml_is_read_in_either_style() {
    let text = |text: &str| Node::text(text);
    let list = |items: &[&str]| Node::List(items.iter().map(|item| text(item)).collect());
    for (yaml, node) in [
        ("a: 1 # x\n", map(&[("a", text("1"))])),
        ("# x\na: 'it''s # b'\n", map(&[("a", text("it's # b"))])),
        ("a: b#c\n", map(&[("a", text("b#c"))])),
        ("\"a: b\": c\n", map(&[("a: b", text("c"))])),
        (
            "a:\n  b:\n    c: d\ne: f\n",
            map(&[("a", map(&[("b", map(&[("c", text("d"))]))])), ("e", text("f"))]),
        ),
        ("a:\n- b\n- c\nd: e\n", map(&[("a", list(&["b", "c"])), ("d", text("e"))])),
        ("a:\n  - b\n  -   c\n", map(&[("a", list(&["b", "c"]))])),
        (
            "- a: 1\n  b: 2\n- a: 3\n",
            Node::List(vec![map(&[("a", text("1")), ("b", text("2"))]), map(&[("a", text("3"))])]),
        ),
        ("- - a\n  - b\n", Node::List(vec![list(&["a", "b"])])),
        (
            "a: {b: [c, 'd'], \"e\":1, f: http://g}\n",
            map(&[(
                "a",
                map(&[("b", list(&["c", "d"])), ("e", text("1")), ("f", text("http://g"))]),
            )]),
        ),
        ("a: [b,\n  c,\n]\n", map(&[("a", list(&["b", "c"]))])),
        ("a: |\n  b: c\n  # d\ne: f\n", map(&[("a", text("")), ("e", text("f"))])),
        ("a: !Ref B\nc: !If\n  - d\n  - 0\n", map(&[("a", text("!Ref B")), ("c", text("!If"))])),
        ("a: &b\n  c: d\ne: &f 1\n", map(&[("a", map(&[("c", text("d"))])), ("e", text("1"))])),
        ("a: b\n  c\nd:\n", map(&[("a", text("b c")), ("d", text(""))])),
        ("a: 1\n---\nb: 2\n", Node::List(vec![map(&[("a", text("1"))]), map(&[("b", text("2"))])])),
    ] {
        assert_eq!(yaml::read(yaml), Some(node), "{yaml}");
    }
    for wrong in
        ["", "a: 1\n  b: 2\nc", "a: {b: c\n", "a:\n\tb: c\n\td: e\n", "a: 'b\n", "? a\n: b\n"]
    {
        assert_eq!(yaml::read(wrong), None, "{wrong}");
    }
}

#[test]
fn json_may_have_comments() {
    let json = "{ // a\n \"b\": \"//c\\\"/*\", /* d, */ \"e\": [1, true,], }\n";
    let node = map(&[
        ("b", Node::text("//c\"/*")),
        ("e", Node::List(vec![Node::text("1"), Node::text("true")])),
    ]);
    assert_eq!(tree::of_json(json), Some(node));
}
