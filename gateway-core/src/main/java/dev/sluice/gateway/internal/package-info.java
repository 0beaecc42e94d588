/** What the protocol's state machines are made of; not exported. */
@NullMarked
package dev.sluice.gateway.internal;

import org.jspecify.annotations.NullMarked;
