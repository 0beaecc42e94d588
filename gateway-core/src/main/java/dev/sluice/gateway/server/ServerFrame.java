package dev.sluice.gateway.server;

import dev.sluice.gateway.FrameType;
import java.nio.ByteBuffer;

/**
 * One WebSocket message for the driver to write.
 *
 * @param type the kind of message
 * @param payload the bytes between position and limit; read-only and borrowed: valid until the next
 *     {@link GatewayServerConnection#send} on any connection of the same server
 */
public record ServerFrame(FrameType type, ByteBuffer payload) {}
