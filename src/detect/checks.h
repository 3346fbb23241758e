// Is it really one? Checksums and number ranges of identifiers that a pattern alone would see everywhere.
//
// Each takes what the pattern matched, separators included. Sources: the issuing body's own description, or ISO 7064, ISO 13616.
#pragma once

#include <string_view>

namespace narrowgate::detect {

using Check = bool (*)(std::string_view);

// ---- everywhere
bool any(std::string_view text);
bool is_card(std::string_view text);
bool is_iban(std::string_view text);
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);
bool is_base58_check(std::string_view text);

// ---- people and companies, by country
bool is_ar_cuit(std::string_view text);
bool is_au_abn(std::string_view text);
bool is_au_medicare(std::string_view text);
bool is_au_tfn(std::string_view text);
bool is_be_nn(std::string_view text);
bool is_bg_egn(std::string_view text);
bool is_br_cnpj(std::string_view text);
bool is_br_cpf(std::string_view text);
bool is_ca_sin(std::string_view text);
bool is_ch_ahv(std::string_view text);
bool is_cl_rut(std::string_view text);
bool is_cn_id(std::string_view text);
bool is_cz_rc(std::string_view text);
bool is_de_tax_id(std::string_view text);
bool is_es_nif(std::string_view text);
bool is_fi_hetu(std::string_view text);
bool is_fr_nir(std::string_view text);
bool is_gb_nhs(std::string_view text);
bool is_il_id(std::string_view text);
bool is_in_aadhaar(std::string_view text);
bool is_it_cf(std::string_view text);
bool is_jp_my_number(std::string_view text);
bool is_kr_rrn(std::string_view text);
bool is_nl_bsn(std::string_view text);
bool is_no_fnr(std::string_view text);
bool is_pl_pesel(std::string_view text);
bool is_pt_nif(std::string_view text);
bool is_ro_cnp(std::string_view text);
bool is_se_pnr(std::string_view text);
bool is_sg_nric(std::string_view text);
bool is_th_pin(std::string_view text);
bool is_tr_tckn(std::string_view text);
bool is_us_itin(std::string_view text);
bool is_us_npi(std::string_view text);
bool is_us_routing(std::string_view text);
bool is_us_ssn(std::string_view text);
bool is_za_id(std::string_view text);

}  // namespace narrowgate::detect
