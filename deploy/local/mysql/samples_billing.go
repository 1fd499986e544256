package mysql

import (
	"fmt"
	"time"
)

func billingTables() []string {
	return []string{
		`CREATE TABLE cards (id INT PRIMARY KEY, customer_id INT NOT NULL, brand VARCHAR(12) NOT NULL,
			last4 CHAR(4) NOT NULL, token VARCHAR(40) NOT NULL, expires CHAR(7) NOT NULL)`,
		`CREATE TABLE invoices (id INT PRIMARY KEY, order_id INT NOT NULL, customer_id INT NOT NULL,
			amount INT NOT NULL, tax INT NOT NULL, due_at DATETIME NOT NULL)`,
		`CREATE TABLE payments (id INT PRIMARY KEY, invoice_id INT NOT NULL, card_id INT NOT NULL,
			amount INT NOT NULL, result VARCHAR(12) NOT NULL, paid_at DATETIME NOT NULL)`,
	}
}

// billing follows from the orders of shop, so the two schemas agree.
func (s *samples) billing() []string {
	cards := s.cards()
	invoices, payments := table{name: "invoices"}, table{name: "payments"}
	for _, o := range s.orders {
		if o.status == "cancelled" {
			continue
		}
		id := len(invoices.rows) + 1
		invoices.add(id, o.id, o.customer, o.total, o.total/11, o.at.AddDate(0, 0, 30))
		if o.status == "new" {
			continue
		}
		if s.random.IntN(12) == 0 {
			payments.add(len(payments.rows)+1, id, o.customer, o.total, "declined", o.at.Add(time.Minute))
		}
		payments.add(len(payments.rows)+1, id, o.customer, o.total, "settled", o.at.Add(5*time.Minute))
	}
	return append(billingTables(), cards.insert(), invoices.insert(), payments.insert())
}

// cards gives every customer one, with the customer's id.
func (s *samples) cards() table {
	t := table{name: "cards"}
	for id := 1; id <= sampleCustomers; id++ {
		brand := pick(s.random, []string{"VISA", "Mastercard", "JCB", "AMEX"})
		t.add(id, id, brand, fmt.Sprintf("%04d", s.random.IntN(10000)),
			fmt.Sprintf("tok_%016x", s.random.Uint64()), fmt.Sprintf("%d-%02d", 2027+s.random.IntN(5), 1+s.random.IntN(12)))
	}
	return t
}
