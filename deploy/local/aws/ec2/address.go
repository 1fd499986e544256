package ec2

import (
	"encoding/binary"
	"net/netip"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// pool hands out the addresses of one network.
type pool struct {
	prefix          netip.Prefix
	first, end, pos uint32
	lowest          bool
	used            map[netip.Addr]bool
}

// newPool leaves out the addresses that a VPC keeps for itself: the first four
// and the last
// (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html).
func newPool(prefix netip.Prefix, lowest bool) *pool {
	prefix = prefix.Masked()
	base := binary.BigEndian.Uint32(prefix.Addr().AsSlice())
	first, end := base+4, base+(1<<(32-prefix.Bits()))-1
	return &pool{prefix: prefix, first: first, end: end, pos: first, lowest: lowest, used: map[netip.Addr]bool{}}
}

// take returns the wanted address, or any free one where that is empty.
func (p *pool) take(wanted string) (netip.Addr, error) {
	if wanted != "" {
		return p.takeThis(wanted)
	}
	if p.lowest {
		p.pos = p.first
	}
	for range p.end - p.first {
		a := addr(p.pos)
		if p.pos++; p.pos == p.end {
			p.pos = p.first
		}
		if !p.used[a] {
			p.used[a] = true
			return a, nil
		}
	}
	return netip.Addr{}, wire.Errorf("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in %v to satisfy the requested number of instances.", p.prefix)
}

func (p *pool) takeThis(wanted string) (netip.Addr, error) {
	a, err := netip.ParseAddr(wanted)
	if err != nil || !p.prefix.Contains(a) || a.Compare(addr(p.first)) < 0 || a.Compare(addr(p.end)) >= 0 {
		return netip.Addr{}, wire.Errorf("InvalidParameterValue", "Address %s does not fall within the subnet's address range", wanted)
	}
	if p.used[a] {
		return netip.Addr{}, wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", wanted)
	}
	p.used[a] = true
	return a, nil
}

func (p *pool) free(a netip.Addr) { delete(p.used, a) }

func addr(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}
