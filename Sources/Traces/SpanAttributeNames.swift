/// Names of attributes that one part writes and another reads: those of OpenTelemetry's semantic conventions where there
/// is one.
public enum SpanAttributeNames {
    /// The id of the event that was appended or delivered.
    public static let event = "messaging.message.id"
    public static let module = "ordershop.module"
    /// What joins all events that came of one command: over REST the request's name.
    public static let correlation = "ordershop.correlation"
}
