//! The network, packet by packet.
