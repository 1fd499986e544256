package mysql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// listener gathers connections from a TCP port, from a listener of the caller's
// and from dial into one.
type listener struct {
	tcp     net.Listener // nil if there is none
	sources []net.Listener
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
	readers sync.WaitGroup
	port    atomic.Uint32
	// accepted counts connections that were handed to the server.
	accepted atomic.Int64
}

// firstPort is where the source ports of in-process connections begin (the
// dynamic range of RFC 6335).
const firstPort = 49152

func listen(opts Options) (*listener, error) {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	if opts.Addr != "" {
		tcp, err := net.Listen("tcp", opts.Addr)
		if err != nil {
			return nil, fmt.Errorf("listening for database clients on %q: %w", opts.Addr, err)
		}
		l.tcp = tcp
		l.sources = append(l.sources, tcp)
	}
	if opts.Listener != nil {
		l.sources = append(l.sources, opts.Listener)
	}
	for _, source := range l.sources {
		l.readers.Go(func() { l.read(source) })
	}
	return l, nil
}

func (l *listener) read(source net.Listener) {
	for {
		conn, err := source.Accept()
		if err != nil {
			return
		}
		if l.offer(context.Background(), conn) != nil {
			conn.Close()
			return
		}
	}
}

func (l *listener) offer(ctx context.Context, conn net.Conn) error {
	select {
	case l.conns <- conn:
		return nil
	case <-l.closed:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *listener) dial(ctx context.Context, remote netip.Addr) (net.Conn, error) {
	port := firstPort + uint16(l.port.Add(1)%(1<<14))
	client, srv := newPipe(netip.AddrPortFrom(remote, port))
	if err := l.offer(ctx, srv); err != nil {
		return nil, fmt.Errorf("connecting to the database from %s: %w", remote, err)
	}
	return client, nil
}

// Accept waits for the next connection from any source.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	case conn := <-l.conns:
		l.accepted.Add(1)
		return conn, nil
	}
}

// Close closes every source and returns when nothing reads from them any more.
func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	var errs []error
	for _, source := range l.sources {
		if err := source.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	l.readers.Wait()
	return errors.Join(errs...)
}

// Addr is the TCP address, or the name of the in-process one.
func (l *listener) Addr() net.Addr {
	if l.tcp != nil {
		return l.tcp.Addr()
	}
	return pipeAddr
}
