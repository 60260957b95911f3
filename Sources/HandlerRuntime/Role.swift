/// What somebody may do. Each role may do what those before it may.
public enum Role: Int, Sendable, Comparable, CaseIterable {
    /// Looks.
    case viewer
    /// Runs the shop: its commands, its modules.
    case `operator`
    /// Changes what cannot be changed back, or who may what.
    case admin

    public static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }

    public var name: String {
        switch self {
        case .viewer: "viewer"
        case .operator: "operator"
        case .admin: "admin"
        }
    }
}

extension CommandDefinition {
    /// Who may call it from outside.
    public var role: Role { isQuery ? .viewer : .operator }
}
