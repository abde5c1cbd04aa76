//! Connections to the management API that take its places and show no key.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Instant,
};

use tokio::{net::TcpSocket, runtime::Builder};

use crate::{
    control::serving,
    origin::Origin,
    site::{Gate, Key},
    wire::{DEADLINE, Wire},
};

/// More than the listener has.
const MANY: usize = 70;

/// Begins a connection at the address 127.0.0.`host`: each of them is a client of its own.
fn connected(to: SocketAddr, host: u8) -> TcpStream {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let stream = runtime.block_on(async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((Ipv4Addr::new(127, 0, 0, host), 0).into()).unwrap();
        socket.connect(to).await.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream
}

fn listed(admin: &Key) -> String {
    format!("GET /api/keys HTTP/1.1\r\nhost: a\r\nx-api-key: {}\r\n\r\n", admin.secret)
}

/// Waits until somebody at the same address, who tries again as it is told, is answered.
fn gets_in(gate: &Gate, admin: &Key) {
    let begun = Instant::now();
    loop {
        let mut wire = Wire::over(connected(gate.address("control"), 1));
        // Where there is no room the connection may end before the request has left.
        let head = wire.try_send(listed(admin)).and_then(|()| wire.try_head());
        if head.is_ok_and(|head| head.is_some_and(|head| head.status() == 200)) {
            return;
        }
        assert!(begun.elapsed() < DEADLINE, "nobody gets in");
    }
}

#[test]
fn silent_connections_keep_no_admin_from_the_management_api() {
    let origin = Origin::start();
    let (_site, gate, admin) = serving(&origin);
    let to = gate.address("control");
    let _one: Vec<_> = (0..MANY).map(|_| connected(to, 1)).collect();
    for _ in 0..3 {
        assert_eq!(Wire::over(connected(to, 2)).ask(listed(&admin)).status(), 200);
    }
    // What is left to others is full as well: whoever has most gives way.
    let _other: Vec<_> = (0..MANY).map(|_| connected(to, 3)).collect();
    for _ in 0..3 {
        assert_eq!(Wire::over(connected(to, 2)).ask(listed(&admin)).status(), 200);
    }
    gets_in(&gate, &admin);
}

#[test]
fn connections_that_asked_without_a_key_make_room_as_well() {
    const OPEN: &str = "GET /api/docs HTTP/1.1\r\nhost: a\r\n\r\n";
    let origin = Origin::start();
    let (_site, gate, admin) = serving(&origin);
    let to = gate.address("control");
    let _held: Vec<_> = (0..48)
        .map(|_| {
            let mut wire = Wire::over(connected(to, 1));
            assert_eq!(wire.ask(OPEN).status(), 200);
            wire
        })
        .collect();
    gets_in(&gate, &admin);
}
