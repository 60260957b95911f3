import Glibc
import HandlerRuntime
import JSONRPC

/// Who has which role at the control socket, by the kernel's word for who called.
struct Permissions: Sendable {
    let settings: Settings.Control
    /// The user that the daemon runs as, who could change anything anyway.
    let ownUser: UInt32

    init(_ settings: Settings.Control, ownUser: UInt32 = geteuid()) {
        self.settings = settings
        self.ownUser = ownUser
    }

    /// The highest role that the caller has; nil: none at all.
    func role(of peer: PeerCredentials?) -> Role? {
        guard let peer else { return nil }
        if peer.uid == 0 || peer.uid == ownUser { return .admin }
        let caller = Identity(peer)
        if caller.isAmong(settings.admins) { return .admin }
        if caller.isAmong(settings.operators) { return .operator }
        return caller.isAmong(settings.viewers) ? .viewer : nil
    }
}

/// A user or a group, as it stands in the settings: `ada`, `@staff`.
public struct Principal: Sendable, Hashable {
    let name: String
    let isGroup: Bool

    init(_ text: some StringProtocol) {
        isGroup = text.hasPrefix("@")
        name = String(isGroup ? text.dropFirst() : text[...])
    }
}

/// A caller with his groups.
private struct Identity {
    private let uid: uid_t
    private let gids: Set<gid_t>

    init(_ peer: PeerCredentials) {
        uid = peer.uid
        gids = Set(peer.groups).union([peer.gid])
    }

    func isAmong(_ principals: [Principal]) -> Bool {
        principals.contains { principal in
            // A name that does not exist is nobody's.
            principal.isGroup
                ? Self.group(principal.name).map(gids.contains) ?? false : Self.user(principal.name) == uid
        }
    }

    private static func user(_ name: String) -> uid_t? { uid_t(name) ?? getpwnam(name)?.pointee.pw_uid }
    private static func group(_ name: String) -> gid_t? { gid_t(name) ?? getgrnam(name)?.pointee.gr_gid }
}
