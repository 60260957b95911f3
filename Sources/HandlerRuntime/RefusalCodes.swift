/// What a refusal is called by each protocol. This is the only place that says so.
extension Refusal.Code {
    /// The status of RFC 9110.
    public var httpStatus: Int {
        switch self {
        case .malformed: 400
        case .notFound, .unknownMethod: 404
        case .forbidden: 403
        case .conflict: 409
        case .trimmed: 410
        case .revisionMismatch: 412
        case .tooLarge: 413
        case .invalid, .keyReused: 422
        case .moduleDisabled, .unavailable, .outcomeUnknown: 503
        case .internalError: 500
        }
    }

    /// The code of JSON-RPC 2.0: its own where it has one, ours below -32000.
    public var jsonRPCCode: Int {
        switch self {
        case .malformed: -32600
        case .unknownMethod: -32601
        case .invalid: -32602
        case .internalError: -32603
        case .notFound: -32001
        case .conflict: -32002
        case .tooLarge: -32003
        case .moduleDisabled: -32004
        case .unavailable: -32005
        case .outcomeUnknown: -32006
        case .forbidden: -32007
        case .revisionMismatch: -32008
        case .keyReused: -32009
        case .trimmed: -32010
        }
    }

    /// The name by which programs know it, in `data.reason` and in a problem's `type`.
    public var name: String {
        switch self {
        case .malformed: "malformed"
        case .notFound: "not-found"
        case .unknownMethod: "unknown-method"
        case .forbidden: "forbidden"
        case .conflict: "conflict"
        case .revisionMismatch: "revision-mismatch"
        case .keyReused: "idempotency-key-reused"
        case .trimmed: "trimmed"
        case .tooLarge: "too-large"
        case .invalid: "invalid"
        case .moduleDisabled: "module-disabled"
        case .unavailable: "unavailable"
        case .outcomeUnknown: "outcome-unknown"
        case .internalError: "internal-error"
        }
    }

    /// A problem's title.
    public var title: String {
        switch self {
        case .malformed: "Not a request that can be read"
        case .notFound: "No such entity"
        case .unknownMethod: "No such method"
        case .forbidden: "Not allowed"
        case .conflict: "Conflict with the state of the shop"
        case .revisionMismatch: "Changed meanwhile"
        case .keyReused: "Idempotency key used before"
        case .trimmed: "Trimmed from the streams"
        case .tooLarge: "Too large"
        case .invalid: "A field is missing or wrong"
        case .moduleDisabled: "Module disabled"
        case .unavailable: "Temporarily unavailable"
        case .outcomeUnknown: "Outcome unknown"
        case .internalError: "Internal error"
        }
    }

    /// What whoever gets it can do.
    public var advice: String {
        switch self {
        case .malformed: "Send what the protocol asks for: a JSON text of the right shape."
        case .notFound: "Look whether it was deleted, or the id mistyped."
        case .unknownMethod: "Ask rpc.methods for those that there are."
        case .forbidden: "Have an administrator give you the role, in the settings under control."
        case .conflict: "Read the present state and decide anew."
        case .revisionMismatch: "Read the entity again, and decide anew on data.actual."
        case .keyReused: "Take a new key for a new command, and repeat a command as it was."
        case .trimmed: "Look into the archives: archive.list names them."
        case .tooLarge: "Split it."
        case .invalid: "Put right what data.errors names."
        case .moduleDisabled: "Enable the module, or wait until somebody does."
        case .unavailable: "Try again after data.retry_after seconds: nothing was written."
        case .outcomeUnknown: "Look whether it was done before you try again."
        case .internalError: "See the daemon's log, and report it."
        }
    }
}
